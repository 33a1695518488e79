// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// One workgroup of 8 x 8 computes 8 ROWS rows by 64 columns: 16 steps of k of both operands pass through its memory, where
// each value is read by 8 lanes; a lane keeps ROWS x 8 sums. For GPUs, where rows are many.
//!late hardware
//!import epilogue
//!import product_tile
//!import stored

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
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [batch, rows, cols]

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = group.y * 8 * ROWS;
  let col = group.x * 16;
  let batch = group.z;
  let last_row = params.rows - 1;
  let last_col = params.cols4 - 1;

  var sums: Sums;
  for (var k = 0u; k < params.inner4; k += 4) {
    // Past the end x is zero; w is read inside, where it is finite.
    for (var i = 0u; i < ROWS / 2; i++) {
      let at = i * 64 + index;
      let start = (batch * params.rows + min(row + at / 4, last_row)) * params.inner4;
      let k4 = k + at % 4;
      let inside = k4 < params.inner4;
      x_part[at / 4 * 5 + at % 4] = staged(select(vec4f(), x[select(0, start + k4, inside)], inside));
    }
    for (var i = 0u; i < 4; i++) {
      let at = i * 64 + index;
      let start = batch * params.inner4 * 4 + min(k * 4 + at / 16, params.inner4 * 4 - 1);
      w_part[at] = staged(w[start * params.cols4 + min(col + at % 16, last_col)]);
    }
    workgroupBarrier();
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }

  for (var i = 0u; i < 2 * ROWS; i++) {
    store(batch, row + i / 2 * 8 + lane.y, col + i % 2 * 8 + lane.x, sums[i]);
  }
}
