// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// A quad of 4 lanes computes 16 rows by 32 columns: each lane 8 columns, and each value of x is loaded by one lane only
// and handed to the others. For adapters where loads cost far more than arithmetic and barriers more than both.
//!late software
//!import quad_product
// A quad has one row, so it leaves as a whole.
diagnostic(off, subgroup_uniformity);

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  residual_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [batch, rows, inner]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [batch, inner, cols]
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;     // [batch, cols], unused if SCALED is 0
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;      // [batch, cols], unused if BIAS is 0
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;  // [residual_rows, cols], unused if RESIDUAL is 0
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [batch, rows, cols]

override LANES: u32 = 16;  // in quads, one below the other

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4;
  let batch = group.z;
  let row = (group.y * LANES + index) / 4 * 16;
  let left = group.x * 8 + lane;
  let right = left + 4;
  if (row >= params.rows) { return; }

  // Rows and columns past the end read the last one again: their sums are never stored, and every lane stays active.
  let last = params.rows - 1;
  let first = batch * params.rows;
  let row0 = (first + min(row + lane, last)) * params.inner4;
  let row1 = (first + min(row + 4 + lane, last)) * params.inner4;
  let row2 = (first + min(row + 8 + lane, last)) * params.inner4;
  let row3 = (first + min(row + 12 + lane, last)) * params.inner4;

  // sum<i>_left holds rows 4i to 4i + 3: column j is row 4i + (lane xor j).
  var sum0_left = mat4x4f();
  var sum1_left = mat4x4f();
  var sum2_left = mat4x4f();
  var sum3_left = mat4x4f();
  var sum0_right = mat4x4f();
  var sum1_right = mat4x4f();
  var sum2_right = mat4x4f();
  var sum3_right = mat4x4f();
  let weights = batch * params.inner4 * 4 * params.cols4;
  var at_left = weights + min(left, params.cols4 - 1);
  var at_right = weights + min(right, params.cols4 - 1);
  for (var k = 0u; k < params.inner4; k++) {
    let w_left = load_w(at_left);
    let w_right = load_w(at_right);
    at_left += 4 * params.cols4;
    at_right += 4 * params.cols4;
    let x0 = share(x[row0 + k]);
    sum0_left += w_left * x0;
    sum0_right += w_right * x0;
    let x1 = share(x[row1 + k]);
    sum1_left += w_left * x1;
    sum1_right += w_right * x1;
    let x2 = share(x[row2 + k]);
    sum2_left += w_left * x2;
    sum2_right += w_right * x2;
    let x3 = share(x[row3 + k]);
    sum3_left += w_left * x3;
    sum3_right += w_right * x3;
  }

  let factor_left = factor_of(batch, left);
  let factor_right = factor_of(batch, right);
  let shift_left = shift_of(batch, left);
  let shift_right = shift_of(batch, right);
  // A loop, so that the activation is compiled once and not 32 times.
  var sums = array<mat4x4f, 8>(
    sum0_left, sum1_left, sum2_left, sum3_left,
    sum0_right, sum1_right, sum2_right, sum3_right,
  );
  for (var i = 0u; i < 32; i++) {
    let on_right = i >= 16;
    store(batch, row + ((i % 16) ^ lane), select(left, right, on_right), sums[i / 4][i % 4], select(factor_left, factor_right, on_right), select(shift_left, shift_right, on_right));
  }
}
