// y[r] = sum_k x[r, k] * w[k] + b
// One invocation per row.
//!import grid

struct Params {
  rows: u32,
  inner4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;      // [rows, inner]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;      // [inner]
@group(0) @binding(3) var<storage, read> b: array<f32>;        // [1]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [rows]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_group(group, groups) * LANES + lane;
  if (row >= params.rows) { return; }
  var sum = vec4f();
  for (var k = 0u; k < params.inner4; k++) { sum = fma(x[row * params.inner4 + k], w[k], sum); }
  y[row] = dot(sum, vec4f(1.0)) + b[0];
}
