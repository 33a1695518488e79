// dx[i] = dy[i] * activation'(x[i]), plus before[i] if ADD
// One invocation per 4 values.
//!import activation
//!import activation_grad
//!import grid

struct Params {
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [4 outputs4]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;  // [4 outputs4]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;  // [4 outputs4], unused if ADD is 0
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;  // [4 outputs4]

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
  var value = dy[at] * activation_grad4(x[at]);
  if (ADD == 1) { value += before[at]; }
  dx[at] = value;
}
