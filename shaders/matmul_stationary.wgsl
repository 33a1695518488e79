// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// A quad of 4 lanes keeps up to 128 steps of k of 16 columns while rows pass: see lib/stationary.wgsl. For
// adapters where loads cost far more than arithmetic: a step of k costs the quad one load a row, and w next to none.
//!late software
//!import stationary
// A quad has one place in the grid, so what its lanes do together they all do.
diagnostic(off, subgroup_uniformity);

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  residual_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [batch, rows, inner]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [batch, inner, cols]
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;     // [batch, cols], unused if SCALED is 0
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;      // [batch, cols], unused if BIAS is 0
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;  // [residual_rows, cols], unused if RESIDUAL is 0
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [batch, rows, cols]; sums on the way

fn load_x(row: vec2u, k: u32) -> vec4f {
  return x[row.x + k];
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let batch = group.z;
  let col = group.x * 4 + lane;
  let rows = rows_of(group.y, groups.y);
  let factor = factor_of(batch, col);
  let shift = shift_of(batch, col);
  for (var k = 0u; k < params.inner4; k += 4 * STEPS) {
    let count4 = min(4 * STEPS, params.inner4 - k);
    keep(lane, 4 * (batch * params.inner4 + k) * params.cols4 + min(col, params.cols4 - 1), count4);
    for (var row = rows.x; row < rows.y; row++) {
      let chunk = times(lane, count4, vec2u((batch * params.rows + row) * params.inner4 + k, 0));
      put(batch, row, col, waiting(batch, row, col, k == 0) + chunk, factor, shift);
    }
  }
  finish(batch, rows, col, factor, shift);
}
