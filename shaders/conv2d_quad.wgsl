// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// A quad of 4 lanes computes 16 pixels (numbered row by row, r = oy out_width + ox) by 32 channels as in matmul_quad.wgsl:
// each value of x is loaded by one lane and handed to the others. One loop over taps and channels together.
//!late software
//!import quad_product
// A quad has one row, so it leaves as a whole.
diagnostic(off, subgroup_uniformity);

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

override LANES: u32 = 16;  // in quads, one below the other

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

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = index % 4;
  let row = (group.y * LANES + index) / 4 * 16;
  let left = group.x * 8 + lane;
  let right = left + 4;
  if (row >= params.rows) { return; }

  let origin0 = origin(row + lane);
  let origin1 = origin(row + 4 + lane);
  let origin2 = origin(row + 8 + lane);
  let origin3 = origin(row + 12 + lane);

  // sum<i>_left holds pixels 4i to 4i + 3: column j is pixel 4i + (lane xor j).
  var sum0_left = mat4x4f();
  var sum1_left = mat4x4f();
  var sum2_left = mat4x4f();
  var sum3_left = mat4x4f();
  var sum0_right = mat4x4f();
  var sum1_right = mat4x4f();
  var sum2_right = mat4x4f();
  var sum3_right = mat4x4f();
  var at_left = min(left, params.cols4 - 1);
  var at_right = min(right, params.cols4 - 1);
  var tap = vec2u();
  var k = 0u;
  let steps = params.kernel_height * params.kernel_width * params.channels4;
  for (var step = 0u; step < steps; step++) {
    let w_left = load_w(at_left);
    let w_right = load_w(at_right);
    at_left += 4 * params.cols4;
    at_right += 4 * params.cols4;
    let x0 = share(load_x(origin0 + tap, k));
    sum0_left += w_left * x0;
    sum0_right += w_right * x0;
    let x1 = share(load_x(origin1 + tap, k));
    sum1_left += w_left * x1;
    sum1_right += w_right * x1;
    let x2 = share(load_x(origin2 + tap, k));
    sum2_left += w_left * x2;
    sum2_right += w_right * x2;
    let x3 = share(load_x(origin3 + tap, k));
    sum3_left += w_left * x3;
    sum3_right += w_right * x3;

    let last_channels = k + 1 == params.channels4;
    let last_column = last_channels && tap.y + 1 == params.kernel_width;
    k = select(k + 1, 0, last_channels);
    tap.x += select(0u, 1u, last_column);
    tap.y = select(tap.y + select(0u, 1u, last_channels), 0, last_column);
  }

  let factor_left = factor_of(0, left);
  let factor_right = factor_of(0, right);
  let shift_left = shift_of(0, left);
  let shift_right = shift_of(0, right);
  // A loop, so that the activation is compiled once and not 32 times.
  var sums = array<mat4x4f, 8>(
    sum0_left, sum1_left, sum2_left, sum3_left,
    sum0_right, sum1_right, sum2_right, sum3_right,
  );
  for (var i = 0u; i < 32; i++) {
    let on_right = i >= 16;
    store(0, row + ((i % 16) ^ lane), select(left, right, on_right), sums[i / 4][i % 4], select(factor_left, factor_right, on_right), select(shift_left, shift_right, on_right));
  }
}
