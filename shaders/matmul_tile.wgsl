// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// One workgroup computes 8 ROWS rows by 4 COLS4 WIDE columns: 16 steps of k of both operands pass through its memory, where
// each value is read by 8 or 16 lanes; a lane keeps ROWS x 4 COLS4 sums. For GPUs, where rows are many. Where tiles are too few to
// keep one busy, CHUNKS workgroups share out the steps of each, and matmul_join adds what they have: without epilogue then.
//!late hardware
//!import epilogue
//!import product_columns
//!import tile_rows

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
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [batch, CHUNKS, rows, cols]

override CHUNKS: u32 = 1;

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let batch = group.z / CHUNKS;
  let chunk = ((params.inner4 + 3) / 4 + CHUNKS - 1) / CHUNKS * 4;
  let begin = group.z % CHUNKS * chunk;
  let end = min(begin + chunk, params.inner4);
  let inner = 4 * params.inner4;
  // Rows past the end read the last one again: their sums are never stored.
  let own_rows = min(row + own_row(index) + vec4u(0, 1, 2, 3), vec4u(params.rows - 1));
  let starts = (batch * params.rows + own_rows) * params.inner4;
  let base = batch * inner * params.cols4;
  let cols = own_cols(index, col);
  let own_k4 = index % 4;

  var sums: Sums;
  var rows = load_rows(starts, begin + own_k4);
  var columns = load_columns(index, 4 * begin, inner, base, cols);
  for (var k4 = begin; k4 < end; k4 += 4) {
    stage_rows(index, rows, vec4<bool>(k4 + own_k4 < params.inner4));
    stage_columns(index, decoded(columns));
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    let next = k4 + 4;
    if (next < end) {
      rows = load_rows(starts, next + own_k4);
      columns = load_columns(index, 4 * next, inner, base, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(group.z, row, col, lane, sums);
}
