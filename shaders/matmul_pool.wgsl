// y[p, n] = scale[n] * max_{4 pixels of p} sum_k x[pixel, k] * w[k, n] + bias[n]
// A product and the 2 x 2 max-pooling of what comes out, which is never stored: the 4 rows of a lane are one window's. Tiles as in
// matmul_tile.wgsl. For GPUs.
//!late hardware
//!import product_columns
//!import tile_rows
//!import biased

struct Params {
  rows: u32,       // of y
  inner4: u32,
  cols4: u32,
  width: u32,      // of x, in pixels
  out_width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, inner]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [inner, cols]
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;     // [cols], above 0; unused if SCALED is 0
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;      // [cols]
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [rows = height / 2 * out_width, cols]

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let inner = 4 * params.inner4;
  // Windows past the end read the last one again: their sums are never stored.
  let window = min((row + own_row(index)) / 4, params.rows - 1);
  let corner = window / params.out_width * 2 * params.width + window % params.out_width * 2;
  let starts = (corner + vec4u(0, 1, params.width, params.width + 1)) * params.inner4;
  let cols = own_cols(index, col);
  let own_k4 = index % 4;

  var sums: Sums;
  var rows = load_rows(starts, own_k4);
  var columns = load_columns(index, 0, inner, 0, cols);
  for (var k4 = 0u; k4 < params.inner4; k4 += 4) {
    stage_rows(index, rows, vec4<bool>(k4 + own_k4 < params.inner4));
    stage_columns(index, decoded(columns));
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    let next = k4 + 4;
    if (next < params.inner4) {
      rows = load_rows(starts, next + own_k4);
      columns = load_columns(index, 4 * next, inner, 0, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(0, row, col, lane, sums);
}
