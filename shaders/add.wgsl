// y[r, c] = activation(a[r, c] + b[r mod b_rows, c])
// One invocation per 4 values; rows are dense, so that the modulo is taken of the flat index.
//!import activation
//!import grid

struct Params {
  outputs4: u32,
  period4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;        // [rows, cols]
@group(0) @binding(2) var<storage, read> b: array<vec4f>;        // [b_rows, cols]: period4 vec4s
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [rows, cols]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  y[at] = activate4(a[at] + b[at % params.period4]);
}
