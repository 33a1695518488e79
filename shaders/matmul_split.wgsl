// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// One workgroup computes 4 rows by COLS4 groups of 4 columns: its lanes share out k and add up their parts in workgroup
// memory, half to half. For GPUs, where y is small: nobody walks all of k alone.
//!late hardware
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

override COLS4: u32 = 8;  // a power of 2, up to 64

var<workgroup> parts: array<vec4f, 1024>;  // [4 rows, 256 lanes]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * 4;
  let col = group.x * COLS4 + lane % COLS4;
  let batch = group.z;
  // Past the end the last row and column are read again: those sums are never stored.
  let last = params.rows - 1;
  let first = batch * params.rows;
  let row0 = (first + row) * params.inner4;
  let row1 = (first + min(row + 1, last)) * params.inner4;
  let row2 = (first + min(row + 2, last)) * params.inner4;
  let row3 = (first + min(row + 3, last)) * params.inner4;
  let base = batch * params.inner4 * 4 * params.cols4 + min(col, params.cols4 - 1);

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = lane / COLS4; k < params.inner4; k += 256 / COLS4) {
    let at = base + 4 * k * params.cols4;
    let w0 = w[at];
    let w1 = w[at + params.cols4];
    let w2 = w[at + 2 * params.cols4];
    let w3 = w[at + 3 * params.cols4];
    sum0 = multiply(w0, w1, w2, w3, x[row0 + k], sum0);
    sum1 = multiply(w0, w1, w2, w3, x[row1 + k], sum1);
    sum2 = multiply(w0, w1, w2, w3, x[row2 + k], sum2);
    sum3 = multiply(w0, w1, w2, w3, x[row3 + k], sum3);
  }
  parts[lane] = sum0;
  parts[lane + 256] = sum1;
  parts[lane + 512] = sum2;
  parts[lane + 768] = sum3;
  workgroupBarrier();
  for (var stride = 128u; stride >= COLS4; stride /= 2) {
    if (lane < stride) {
      for (var i = 0u; i < 4; i++) { parts[i * 256 + lane] += parts[i * 256 + lane + stride]; }
    }
    workgroupBarrier();
  }
  if (lane < 4 * COLS4) { store(batch, row + lane / COLS4, col, parts[lane / COLS4 * 256 + lane % COLS4]); }
}
