// y[r, c] = activation((x[r, c] - mean[r]) / sqrt(variance[r] + eps) * weight[c] + bias[c]), both over the columns of row r
// SHARE lanes compute a row, LANES / SHARE rows a workgroup: x is read once and stays in registers.
//!late hardware
//!import activation
//!import grid
//!import split_row

struct Params {
  rows: u32,
  cols4: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [rows, cols]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;   // [cols]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;     // [cols]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [rows, cols]

alias Part = f32;

fn scaled(value: vec4f, lane: u32, part: u32) -> vec4f {
  if (part >= PER) { return vec4f(); }
  let col = min(column(lane, part), params.cols4 - 1);
  return activate4(fma(value, weight[col], bias[col]));
}

fn store(row: u32, base: u32, lane: u32, part: u32, value: vec4f) {
  if (row < params.rows && has_column(lane, part)) { y[base + column(lane, part)] = value; }
}

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

  // All that is read before anything is stored: a load behind a store may wait for it.
  let scale = inverseSqrt(variance + params.eps);
  let y0 = scaled(apart.a * scale, lane, 0);
  let y1 = scaled(apart.b * scale, lane, 1);
  let y2 = scaled(apart.c * scale, lane, 2);
  let y3 = scaled(apart.d * scale, lane, 3);
  let y4 = scaled(apart.e * scale, lane, 4);
  let y5 = scaled(apart.f * scale, lane, 5);
  store(row, base, lane, 0, y0);
  store(row, base, lane, 1, y1);
  store(row, base, lane, 2, y2);
  store(row, base, lane, 3, y3);
  store(row, base, lane, 4, y4);
  store(row, base, lane, 5, y5);
}
