// dw[chunk, b, k, n] = sum over the rows m of the chunk of x[b, m, k] * dy[b, m, n], plus before[b, k, n] if ADD
// One workgroup computes 8 ROWS values of k by 4 COLS4 WIDE columns of a chunk: 16 rows of both operands pass through its
// memory at a time; a lane keeps ROWS x 4 COLS4 sums. For GPUs, where rows are many.
//!import product_turned

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  chunk: u32,  // rows a chunk
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [batch, rows, inner]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // [batch, rows, cols]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;    // [batch, inner, cols], unused if ADD is 0
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;  // [chunks, batch, inner, cols]

override ADD: u32 = 0;

// Of the chunk `part`, numbered with its batch entry.
fn store(part: u32, row: u32, col: u32, sum: vec4f) {
  if (row >= params.inner4 * 4 || col >= params.cols4) { return; }
  let each = params.inner4 * 4 * params.cols4;
  let at = row * params.cols4 + col;
  var value = sum;
  if (ADD == 1) { value += before[part % params.batch * each + at]; }
  dw[part * each + at] = value;
}

// Four rows of x, m + the steps of this lane; past the end of the chunk its first one.
fn load_x(rows: vec4u, end: u32, first: u32, base: u32, row4: u32) -> mat4x4f {
  let at = (base + select(vec4u(first), rows, rows < vec4u(end))) * params.inner4 + row4;
  var four: mat4x4f;
  four[0] = x[at.x];
  four[1] = x[at.y];
  if (ROW_STEPS == 4) {
    four[2] = x[at.z];
    four[3] = x[at.w];
  }
  return four;
}

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let batch = group.z % params.batch;
  let first = group.z / params.batch * params.chunk;
  let end = min(first + params.chunk, params.rows);
  let base = batch * params.rows;
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let row4 = min(row / 4 + own_row4(index), params.inner4 - 1);
  let cols = own_cols(index, col);
  let steps = own_steps(index);

  var sums: Sums;
  var rows = load_x(first + steps, end, first, base, row4);
  var columns = load_dy(index, first, end - 1, base, cols);
  for (var m = first; m < end; m += 16) {
    stage_steps(index, rows, m + steps < vec4u(end));
    stage_columns(index, columns);
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    let next = m + 16;
    if (next < end) {
      rows = load_x(next + steps, end, first, base, row4);
      columns = load_dy(index, next, end - 1, base, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(group.z, row, col, lane, sums);
}
