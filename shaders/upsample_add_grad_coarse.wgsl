// dcoarse[r, q, c] = sum of dy over the pixels (y, x) that (r, q) was repeated to, plus before[r, q, c] if ADD
// One invocation per 4 channels of a coarse pixel.
//!import grid

struct Params {
  width: u32,         // of dy
  coarse_width: u32,
  scale_y: u32,
  scale_x: u32,
  channels4: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;             // [height, width, channels]
@group(0) @binding(2) var<storage, read> before: array<vec4f>;         // [height / scale_y, coarse_width, channels], unused if ADD is 0
@group(0) @binding(3) var<storage, read_write> dcoarse: array<vec4f>;  // [height / scale_y, coarse_width, channels]

override LANES: u32 = 64;
override ADD: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let channel = at % params.channels4;
  let pixel = at / params.channels4;
  let row = pixel / params.coarse_width * params.scale_y;
  let col = pixel % params.coarse_width * params.scale_x;
  var sum = vec4f();
  if (ADD == 1) { sum = before[at]; }
  for (var y = 0u; y < params.scale_y; y++) {
    for (var x = 0u; x < params.scale_x; x++) {
      sum += dy[((row + y) * params.width + col + x) * params.channels4 + channel];
    }
  }
  dcoarse[at] = sum;
}
