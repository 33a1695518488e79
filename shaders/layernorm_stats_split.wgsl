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

  let values = loaded_row(base, lane);
  let mean = sum_of_row(lane, 0, own_sum(values)) / cols;
  let apart = centred_row(values, mean, lane);
  let variance = sum_of_row(lane, 1, own_products(apart, apart)) / cols;
  if (row < params.rows && lane % SHARE == 0) { stats[row] = vec2f(mean, inverseSqrt(variance + params.eps)); }
}
