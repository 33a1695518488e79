// sums[row, part] = (sum of p y, sum of p, sum of y, sum of focal) over a part of a row, where p = sigmoid(upsampled logits)
// One invocation per part of a row of the target; sum_rows.wgsl adds the parts up.
//!import focal
//!import grid
//!import upsampled

struct Params {
  side: u32,    // of the logits
  image: u32,   // of the target
  parts: u32,   // a row
  outputs: u32, // image * parts
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;        // [side, side]
@group(0) @binding(2) var<storage, read> labels: array<f32>;        // [image, image]: 0 or 1
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;  // [image * parts]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs) { return; }
  let y = at / params.parts;
  let length = params.image / params.parts;
  let row = between(y);
  var sum = vec4f();
  for (var i = 0u; i < length; i++) {
    let x = at % params.parts * length + i;
    let logit = upsampled(row, between(x));
    let label = labels[y * params.image + x];
    let p = sigmoid(logit);
    sum += vec4f(p * label, p, label, focal(logit, label > 0.5, params.alpha).value);
  }
  sums[at] = sum;
}
