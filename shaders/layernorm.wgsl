// y[r, c] = activation((x[r, c] - mean[r]) / sqrt(variance[r] + eps) * weight[c] + bias[c]), both over the columns of row r
// One workgroup per row; its lanes stride across the columns and add up their parts in workgroup memory.
//!import activation
//!import grid

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

override LANES: u32 = 64;

var<workgroup> sums: array<f32, LANES>;

// The sum of every lane's value, the same in all lanes. LANES is a power of 2.
fn sum_of_lanes(lane: u32, value: f32) -> f32 {
  sums[lane] = value;
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) { sums[lane] += sums[lane + stride]; }
    workgroupBarrier();
  }
  let sum = sums[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_group(group, groups);
  if (row >= params.rows) { return; }
  let base = row * params.cols4;
  let cols = f32(params.cols4 * 4);

  var sum = vec4f();
  for (var col = lane; col < params.cols4; col += LANES) { sum += x[base + col]; }
  let mean = sum_of_lanes(lane, dot(sum, vec4f(1.0))) / cols;

  var squares = vec4f();
  for (var col = lane; col < params.cols4; col += LANES) {
    let centred = x[base + col] - mean;
    squares = fma(centred, centred, squares);
  }
  let variance = sum_of_lanes(lane, dot(squares, vec4f(1.0))) / cols;

  let scale = inverseSqrt(variance + params.eps);
  for (var col = lane; col < params.cols4; col += LANES) {
    y[base + col] = activate4(fma((x[base + col] - mean) * scale, weight[col], bias[col]));
  }
}
