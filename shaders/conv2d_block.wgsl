// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// One invocation computes 16 pixels (numbered row by row, r = oy out_width + ox) by 16 channels as in matmul_block.wgsl,
// in one loop over taps and channels together.
//!late software
//!import epilogue
//!import product
//!import stored

struct Params {
  height: u32,
  width: u32,
  channels4: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  out_width: u32,
  rows: u32,
  cols4: u32,
  residual_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, channels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [kernel_height, kernel_width, channels, cols]
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;      // [cols], unused if BIAS is 0
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;  // [residual_rows, cols], unused if RESIDUAL is 0
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [rows = out_height * out_width, cols]

override LANES: u32 = 8;
override ACROSS: u32 = 8;  // lanes side by side, the others below them: a divisor of LANES

// Row and column of x under the first tap of an output pixel; left and above of the map they wrap to huge numbers.
fn origin(row: u32) -> vec2u {
  let pixel = min(row, params.rows - 1);
  return vec2u(pixel / params.out_width, pixel % params.out_width) * params.stride - params.padding;
}

// 4 channels of a pixel, zero outside of the map.
fn load_x(at: vec2u, k: u32) -> vec4f {
  let inside = at.x < params.height && at.y < params.width;
  return select(vec4f(), x[select(0, (at.x * params.width + at.y) * params.channels4 + k, inside)], inside);
}

// Four channels' weights for 4 columns.
fn load_w(at: u32) -> mat4x4f {
  return mat4x4f(w[at], w[at + params.cols4], w[at + 2 * params.cols4], w[at + 3 * params.cols4]);
}

// 4 channels of 4 pixels, a pixel a column.
fn load_pixels(at: array<vec2u, 4>, tap: vec2u, k: u32) -> mat4x4f {
  return mat4x4f(load_x(at[0] + tap, k), load_x(at[1] + tap, k), load_x(at[2] + tap, k), load_x(at[3] + tap, k));
}

// Under the first tap of 4 output pixels from `row` on.
fn origins(row: u32) -> array<vec2u, 4> {
  return array<vec2u, 4>(origin(row), origin(row + 1), origin(row + 2), origin(row + 3));
}

// 4 rows of one column.
fn store_part(row: u32, col: u32, part: mat4x4f) {
  store(0, row, col, part[0]);
  store(0, row + 1, col, part[1]);
  store(0, row + 2, col, part[2]);
  store(0, row + 3, col, part[3]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let col = (group.x * ACROSS + lane % ACROSS) * 4;
  let row = (group.y * (LANES / ACROSS) + lane / ACROSS) * 16;
  if (col >= params.cols4 || row >= params.rows) { return; }

  let origins0 = origins(row);
  let origins1 = origins(row + 4);
  let origins2 = origins(row + 8);
  let origins3 = origins(row + 12);

  // sum<i><j> holds pixels 4i to 4i + 3 of channels 4j to 4j + 3.
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
  let last = params.cols4 - 1;
  var at = 0u;
  var tap = vec2u();
  var k = 0u;
  let steps = params.kernel_height * params.kernel_width * params.channels4;
  for (var step = 0u; step < steps; step++) {
    let w0 = load_w(at + col);
    let w1 = load_w(at + min(col + 1, last));
    let w2 = load_w(at + min(col + 2, last));
    let w3 = load_w(at + min(col + 3, last));
    at += 4 * params.cols4;
    let x0 = load_pixels(origins0, tap, k);
    sum00 = multiply_block(w0, x0, sum00);
    sum01 = multiply_block(w1, x0, sum01);
    sum02 = multiply_block(w2, x0, sum02);
    sum03 = multiply_block(w3, x0, sum03);
    let x1 = load_pixels(origins1, tap, k);
    sum10 = multiply_block(w0, x1, sum10);
    sum11 = multiply_block(w1, x1, sum11);
    sum12 = multiply_block(w2, x1, sum12);
    sum13 = multiply_block(w3, x1, sum13);
    let x2 = load_pixels(origins2, tap, k);
    sum20 = multiply_block(w0, x2, sum20);
    sum21 = multiply_block(w1, x2, sum21);
    sum22 = multiply_block(w2, x2, sum22);
    sum23 = multiply_block(w3, x2, sum23);
    let x3 = load_pixels(origins3, tap, k);
    sum30 = multiply_block(w0, x3, sum30);
    sum31 = multiply_block(w1, x3, sum31);
    sum32 = multiply_block(w2, x3, sum32);
    sum33 = multiply_block(w3, x3, sum33);

    let last_channels = k + 1 == params.channels4;
    let last_column = last_channels && tap.y + 1 == params.kernel_width;
    k = select(k + 1, 0, last_channels);
    tap.x += select(0u, 1u, last_column);
    tap.y = select(tap.y + select(0u, 1u, last_channels), 0, last_column);
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
    store_part(at_row, col, part0);
    store_part(at_row, col + 1, part1);
    store_part(at_row, col + 2, part2);
    store_part(at_row, col + 3, part3);
  }
}
