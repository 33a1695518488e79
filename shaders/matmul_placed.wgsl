// y[m, n] = (x[m, :] + position[m, :] where n < placed) . w[:, n] * scale[n] + bias[n]
// One workgroup computes 8 ROWS rows by 64 columns, as in matmul_tile.wgsl: what reads a map with its position and what reads
// it without are one product.
//!import product_columns
//!import tile_rows
//!import biased

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  placed4: u32,  // a multiple of 16
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [rows, inner]
@group(0) @binding(2) var<storage, read> position: array<vec4f>;  // [rows, inner]
@group(0) @binding(3) var<storage, read> w: array<vec4f>;         // [inner, cols]
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;      // [cols]
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [rows, cols]

fn load_position(starts: vec4u, k4: u32) -> mat4x4f {
  let at = starts + select(0, k4, k4 < params.inner4);
  return mat4x4f(position[at.x], position[at.y], position[at.z], position[at.w]);
}

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let placed = col < params.placed4;
  let inner = 4 * params.inner4;
  // Rows past the end read the last one again: their sums are never stored.
  let starts = min(row + own_row(index) + vec4u(0, 1, 2, 3), vec4u(params.rows - 1)) * params.inner4;
  let cols = own_cols(index, col);
  let own_k4 = index % 4;

  var sums: Sums;
  var rows = load_rows(starts, own_k4);
  var positions: mat4x4f;
  if (placed) { positions = load_position(starts, own_k4); }
  var columns = load_columns(index, 0, inner, 0, cols);
  for (var k4 = 0u; k4 < params.inner4; k4 += 4) {
    stage_rows(index, rows + positions, vec4<bool>(k4 + own_k4 < params.inner4));
    stage_columns(index, decoded(columns));
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    let next = k4 + 4;
    if (next < params.inner4) {
      rows = load_rows(starts, next + own_k4);
      if (placed) { positions = load_position(starts, next + own_k4); }
      columns = load_columns(index, 4 * next, inner, 0, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(0, row, col, lane, sums);
}
