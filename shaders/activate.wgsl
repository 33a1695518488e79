// y[i] = activation(x[i])
// One invocation per 4 values.
//!import activation
//!import grid

struct Params {
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;  // [4 outputs4]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [4 outputs4]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  y[at] = activate4(x[at]);
}
