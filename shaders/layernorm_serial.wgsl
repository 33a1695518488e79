// y[r, c] = activation((x[r, c] - mean[r]) / sqrt(variance[r] + eps) * weight[c] + bias[c]), both over the columns of row r
// One invocation per row, no barrier: for adapters where lanes are slow to wait for each other, and rows too wide for registers.
//!late software
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

override LANES: u32 = 16;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_group(group, groups) * LANES + lane;
  if (row >= params.rows) { return; }
  let base = row * params.cols4;
  let cols = f32(params.cols4 * 4);

  var sum = vec4f();
  for (var col = 0u; col < params.cols4; col++) { sum += x[base + col]; }
  let mean = dot(sum, vec4f(1.0)) / cols;

  var squares = vec4f();
  for (var col = 0u; col < params.cols4; col++) {
    let centred = x[base + col] - mean;
    squares = fma(centred, centred, squares);
  }
  let variance = dot(squares, vec4f(1.0)) / cols;

  let scale = inverseSqrt(variance + params.eps);
  for (var col = 0u; col < params.cols4; col++) {
    y[base + col] = activate4(fma((x[base + col] - mean) * scale, weight[col], bias[col]));
  }
}
