// dw[chunk, b, k, n] = sum over the rows m of the chunk of x[b, m, k] * dy[b, m, n], plus before[b, k, n] if ADD
// One workgroup of 8 x 8 computes 8 ROWS values of k by 64 columns of a chunk: 16 rows of both operands pass through its
// memory at a time, those of x turned; a lane keeps ROWS x 8 sums. For GPUs, where rows are many.
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

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let batch = group.z % params.batch;
  let first = group.z / params.batch * params.chunk;
  let end = min(first + params.chunk, params.rows);
  let base = batch * params.rows;
  let col = group.x * 16;
  let row4 = group.y * 2 * ROWS;
  let own_row4 = min(row4 + index % (2 * ROWS), params.inner4 - 1);
  let own_step = index / (2 * ROWS);

  var sums: Sums;
  for (var m = first; m < end; m += 16) {
    // Past the end x is zero; dy is read inside, where it is finite.
    if (own_step < 4) {
      var values: mat4x4f;
      for (var i = 0u; i < 4; i++) {
        let at = m + own_step * 4 + i;
        let inside = at < end;
        values[i] = select(vec4f(), x[select(0, (base + at) * params.inner4 + own_row4, inside)], inside);
      }
      stage_turned(index % (2 * ROWS), own_step, values);
    }
    for (var i = 0u; i < 4; i++) {
      let at = i * 64 + index;
      let start = (base + min(m + at / 16, end - 1)) * params.cols4;
      w_part[at] = staged(dy[start + min(col + at % 16, params.cols4 - 1)]);
    }
    workgroupBarrier();
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }

  let each = params.inner4 * 4 * params.cols4;
  for (var i = 0u; i < 2 * ROWS; i++) {
    let to_row = row4 * 4 + i / 2 * 8 + lane.y;
    let to_col = col + i % 2 * 8 + lane.x;
    if (to_row >= params.inner4 * 4 || to_col >= params.cols4) { continue; }
    let at = to_row * params.cols4 + to_col;
    var value = sums[i];
    if (ADD == 1) { value += before[batch * each + at]; }
    dw[group.z * each + at] = value;
  }
}
