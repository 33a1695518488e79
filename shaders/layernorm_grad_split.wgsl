// dx[r, c] = scale[r] * (g[c] - mean(g) - n[c] * mean(g n)) + before[r, c] if ADD, where g = dy[r] * weight, n = (x[r] - mean[r]) * scale[r]
// SHARE lanes compute a row, LANES / SHARE rows a workgroup, with stats[r] = (mean[r], scale[r]), scale = 1 / sqrt(variance
// + eps): x and dy are read once and stay in registers. mean(g n) is scale * mean(g (x - mean)), so two sums at a time do.
//!import grid
//!import split_row

struct Params {
  rows: u32,
  cols4: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;            // [rows, cols]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;       // [cols]
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;           // [rows, cols]
@group(0) @binding(4) var<storage, read> before: array<vec4f>;       // [rows, cols], if ADD
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;     // [rows, cols]
@group(0) @binding(6) var<storage, read_write> stats: array<vec2f>;  // [rows, 2]

override ADD: u32 = 0;

alias Part = vec2f;

fn slope(base: u32, lane: u32, part: u32) -> vec4f {
  if (part >= PER) { return vec4f(); }
  let col = min(column(lane, part), params.cols4 - 1);
  return select(vec4f(), dy[base + col] * weight[col], has_column(lane, part));
}

fn added(base: u32, lane: u32, part: u32, value: vec4f) -> vec4f {
  if (ADD == 0 || part >= PER) { return value; }
  return value + before[base + min(column(lane, part), params.cols4 - 1)];
}

fn store(row: u32, base: u32, lane: u32, part: u32, value: vec4f) {
  if (row < params.rows && has_column(lane, part)) { dx[base + column(lane, part)] = value; }
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
  let slopes = Kept(
    slope(base, lane, 0), slope(base, lane, 1), slope(base, lane, 2),
    slope(base, lane, 3), slope(base, lane, 4), slope(base, lane, 5),
  );
  let means = sum_of_row(lane, 0, vec2f(own_sum(values), own_sum(slopes))) / cols;
  let apart = centred_row(values, means.x, lane);
  let moments = sum_of_row(lane, 1, vec2f(own_products(apart, apart), own_products(slopes, apart))) / cols;

  // All that is read before anything is stored: a load behind a store may wait for it.
  let scale = inverseSqrt(moments.x + params.eps);
  let turn = scale * scale * moments.y;
  let dx0 = added(base, lane, 0, scale * (slopes.a - means.y - apart.a * turn));
  let dx1 = added(base, lane, 1, scale * (slopes.b - means.y - apart.b * turn));
  let dx2 = added(base, lane, 2, scale * (slopes.c - means.y - apart.c * turn));
  let dx3 = added(base, lane, 3, scale * (slopes.d - means.y - apart.d * turn));
  let dx4 = added(base, lane, 4, scale * (slopes.e - means.y - apart.e * turn));
  let dx5 = added(base, lane, 5, scale * (slopes.f - means.y - apart.f * turn));
  store(row, base, lane, 0, dx0);
  store(row, base, lane, 1, dx1);
  store(row, base, lane, 2, dx2);
  store(row, base, lane, 3, dx3);
  store(row, base, lane, 4, dx4);
  store(row, base, lane, 5, dx5);
  if (row < params.rows && lane % SHARE == 0) { stats[row] = vec2f(means.x, scale); }
}
