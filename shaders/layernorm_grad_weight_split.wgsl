// dweight[chunk, c] = sum over the rows r of the chunk of dy[r, c] * (x[r, c] - mean[r]) * scale[r], plus before[c] if ADD
// One workgroup computes COLS4 groups of 4 columns of a chunk: its lanes share out the rows, as in sum_rows_split.wgsl.
//!import split_sum

struct Params {
  rows: u32,
  cols4: u32,
  chunk: u32,  // rows a chunk
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;              // [rows, cols]
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;          // [rows, 2]: mean, scale
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;             // [rows, cols]
@group(0) @binding(4) var<storage, read> before: array<vec4f>;         // [cols], if ADD
@group(0) @binding(5) var<storage, read_write> dweight: array<vec4f>;  // [chunks, cols]

fn term(row: u32, col: u32) -> vec4f {
  let at = row * params.cols4 + col;
  return dy[at] * ((x[at] - stats[row].x) * stats[row].y);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let col = column_of(group, lane);
  let sum = sum_of_chunk(group, lane);
  if (lane < COLS4 && col < params.cols4) { dweight[group.y * params.cols4 + col] = sum; }
}
