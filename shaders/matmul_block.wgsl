// y[b, m, n] = activation(scale[b, n] * sum_k x[b, m, k] * w[b, k, n] + bias[b, n]) + residual[m mod residual_rows, n]
// One invocation computes a block of 16 rows by 16 columns, straight from storage: for software adapters without
// subgroups, where a load costs as much as 40 multiply-adds and registers may spill.
//!late software
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

override LANES: u32 = 8;
override ACROSS: u32 = 8;  // lanes side by side, the others below them: a divisor of LANES

// Four steps of k for 4 columns: column i holds w[k + i].
fn load_w(at: u32) -> mat4x4f {
  return mat4x4f(w[at], w[at + params.cols4], w[at + 2 * params.cols4], w[at + 3 * params.cols4]);
}

// Four steps of k of 4 rows, a row a column. Rows past the end read the last one again: their sums are never stored.
fn load_x(first: u32, row: u32, k: u32) -> mat4x4f {
  let last = params.rows - 1;
  return mat4x4f(
    x[(first + min(row, last)) * params.inner4 + k],
    x[(first + min(row + 1, last)) * params.inner4 + k],
    x[(first + min(row + 2, last)) * params.inner4 + k],
    x[(first + min(row + 3, last)) * params.inner4 + k],
  );
}

// 4 rows of one column.
fn store_part(batch: u32, row: u32, col: u32, part: mat4x4f) {
  store(batch, row, col, part[0]);
  store(batch, row + 1, col, part[1]);
  store(batch, row + 2, col, part[2]);
  store(batch, row + 3, col, part[3]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let col = (group.x * ACROSS + lane % ACROSS) * 4;
  let row = (group.y * (LANES / ACROSS) + lane / ACROSS) * 16;
  let batch = group.z;
  if (col >= params.cols4 || row >= params.rows) { return; }

  // sum<i><j> holds rows 4i to 4i + 3 of columns 4j to 4j + 3.
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum02 = mat4x4f();
  var sum03 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  var sum12 = mat4x4f();
  var sum13 = mat4x4f();
  var sum20 = mat4x4f();
  var sum21 = mat4x4f();
  var sum22 = mat4x4f();
  var sum23 = mat4x4f();
  var sum30 = mat4x4f();
  var sum31 = mat4x4f();
  var sum32 = mat4x4f();
  var sum33 = mat4x4f();
  let first = batch * params.rows;
  let last = params.cols4 - 1;
  var at = batch * params.inner4 * 4 * params.cols4;
  for (var k = 0u; k < params.inner4; k++) {
    let w0 = load_w(at + col);
    let w1 = load_w(at + min(col + 1, last));
    let w2 = load_w(at + min(col + 2, last));
    let w3 = load_w(at + min(col + 3, last));
    at += 4 * params.cols4;
    let x0 = load_x(first, row, k);
    sum00 = multiply_block(w0, x0, sum00);
    sum01 = multiply_block(w1, x0, sum01);
    sum02 = multiply_block(w2, x0, sum02);
    sum03 = multiply_block(w3, x0, sum03);
    let x1 = load_x(first, row + 4, k);
    sum10 = multiply_block(w0, x1, sum10);
    sum11 = multiply_block(w1, x1, sum11);
    sum12 = multiply_block(w2, x1, sum12);
    sum13 = multiply_block(w3, x1, sum13);
    let x2 = load_x(first, row + 8, k);
    sum20 = multiply_block(w0, x2, sum20);
    sum21 = multiply_block(w1, x2, sum21);
    sum22 = multiply_block(w2, x2, sum22);
    sum23 = multiply_block(w3, x2, sum23);
    let x3 = load_x(first, row + 12, k);
    sum30 = multiply_block(w0, x3, sum30);
    sum31 = multiply_block(w1, x3, sum31);
    sum32 = multiply_block(w2, x3, sum32);
    sum33 = multiply_block(w3, x3, sum33);
  }

  // A loop of unknown length, so that no compiler writes out the activation for every element.
  let parts = min(4, (params.rows - row + 3) / 4);
  for (var i = 0u; i < parts; i++) {
    var part0 = sum00;
    var part1 = sum01;
    var part2 = sum02;
    var part3 = sum03;
    if (i == 1) {
      part0 = sum10;
      part1 = sum11;
      part2 = sum12;
      part3 = sum13;
    }
    if (i == 2) {
      part0 = sum20;
      part1 = sum21;
      part2 = sum22;
      part3 = sum23;
    }
    if (i == 3) {
      part0 = sum30;
      part1 = sum31;
      part2 = sum32;
      part3 = sum33;
    }
    let at_row = row + i * 4;
    store_part(batch, at_row, col, part0);
    store_part(batch, at_row, col + 1, part1);
    store_part(batch, at_row, col + 2, part2);
    store_part(batch, at_row, col + 3, part3);
  }
}
