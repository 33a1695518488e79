// stats[r] = (mean, 1 / sqrt(variance + eps)) of row r of x, over its columns
// SHARE lanes compute a row, LANES / SHARE rows a workgroup: x is read once and stays in registers.
//!import grid
//!import split_row

struct Params {
  rows: u32,
  cols4: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;            // [rows, cols]
@group(0) @binding(2) var<storage, read_write> stats: array<vec2f>;  // [rows, 2]

alias Part = f32;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_group(group, groups) * (LANES / SHARE) + lane / SHARE;
  // Rows past the end are the last one again: they are never stored.
  let base = min(row, params.rows - 1) * params.cols4;
  let cols = f32(params.cols4 * 4);

  let x0 = loaded(base, lane, 0);
  let x1 = loaded(base, lane, 1);
  let x2 = loaded(base, lane, 2);
  let x3 = loaded(base, lane, 3);
  let x4 = loaded(base, lane, 4);
  let x5 = loaded(base, lane, 5);
  let mean = sum_of_row(lane, 0, dot((x0 + x1) + (x2 + x3) + (x4 + x5), vec4f(1.0))) / cols;

  let c0 = centred(x0, mean, lane, 0);
  let c1 = centred(x1, mean, lane, 1);
  let c2 = centred(x2, mean, lane, 2);
  let c3 = centred(x3, mean, lane, 3);
  let c4 = centred(x4, mean, lane, 4);
  let c5 = centred(x5, mean, lane, 5);
  let squares = fma(c0, c0, c1 * c1) + fma(c2, c2, c3 * c3) + fma(c4, c4, c5 * c5);
  let variance = sum_of_row(lane, 1, dot(squares, vec4f(1.0))) / cols;
  if (row < params.rows && lane % SHARE == 0) { stats[row] = vec2f(mean, inverseSqrt(variance + params.eps)); }
}
