// sums[i] = sum of x[k]^2 over a chunk of x, four columns apart
// One invocation per chunk; sum_rows.wgsl adds the chunks up.
//!import grid

struct Params {
  count4: u32,
  chunk: u32,    // vec4s a chunk
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;           // [4 count4]
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;  // [outputs, 4]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs) { return; }
  let end = min((at + 1) * params.chunk, params.count4);
  var sum = vec4f();
  for (var i = at * params.chunk; i < end; i++) { sum = fma(x[i], x[i], sum); }
  sums[at] = sum;
}
