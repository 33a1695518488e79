// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// One invocation computes a tile of 4 rows by 4 columns, straight from storage: no workgroup memory, no barrier.
//!import epilogue
//!import product
//!import stored

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

override LANES_X: u32 = 8;
override LANES_Y: u32 = 8;

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let col = id.x;
  let row = id.y * 4;
  let batch = id.z;
  if (col >= params.cols4 || row >= params.rows) { return; }

  // Rows past the end read the last one again: their sums are never stored.
  let last = params.rows - 1;
  let first = batch * params.rows;
  let row0 = (first + row) * params.inner4;
  let row1 = (first + min(row + 1, last)) * params.inner4;
  let row2 = (first + min(row + 2, last)) * params.inner4;
  let row3 = (first + min(row + 3, last)) * params.inner4;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var at = batch * params.inner4 * 4 * params.cols4 + col;
  for (var k = 0u; k < params.inner4; k++) {
    let w0 = w[at];
    let w1 = w[at + params.cols4];
    let w2 = w[at + 2 * params.cols4];
    let w3 = w[at + 3 * params.cols4];
    at += 4 * params.cols4;
    let x0 = x[row0 + k];
    let x1 = x[row1 + k];
    let x2 = x[row2 + k];
    let x3 = x[row3 + k];
    sum0 = multiply(w0, w1, w2, w3, x0, sum0);
    sum1 = multiply(w0, w1, w2, w3, x1, sum1);
    sum2 = multiply(w0, w1, w2, w3, x2, sum2);
    sum3 = multiply(w0, w1, w2, w3, x3, sum3);
  }
  store(batch, row, col, sum0);
  store(batch, row + 1, col, sum1);
  store(batch, row + 2, col, sum2);
  store(batch, row + 3, col, sum3);
}
