// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// One workgroup of 8 x 8 computes 8 ROWS pixels (numbered row by row, r = oy out_width + ox) by 64 channels as in
// matmul_tile.wgsl, in one loop over taps and channels together. For GPUs.
//!late hardware
//!import epilogue
//!import product_tile
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

// Row and column of x under the first tap of an output pixel; left and above of the map they wrap to huge numbers.
fn origin(row: u32) -> vec2u {
  let pixel = min(row, params.rows - 1);
  return vec2u(pixel / params.out_width, pixel % params.out_width) * params.stride - params.padding;
}

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = group.y * 8 * ROWS;
  let col = group.x * 16;
  let last_col = params.cols4 - 1;
  let steps = params.kernel_height * params.kernel_width * params.channels4;
  var origins: array<vec2u, ROWS / 2>;
  for (var i = 0u; i < ROWS / 2; i++) { origins[i] = origin(row + (i * 64 + index) / 4); }

  var sums: Sums;
  for (var k = 0u; k < steps; k += 4) {
    let k4 = k + index % 4;
    let tap = vec2u(k4 / params.channels4 / params.kernel_width, k4 / params.channels4 % params.kernel_width);
    // Past the end and outside of the map x is zero; w is read inside, where it is finite.
    for (var i = 0u; i < ROWS / 2; i++) {
      let at = i * 64 + index;
      let pixel = origins[i] + tap;
      let inside = k4 < steps && pixel.x < params.height && pixel.y < params.width;
      let place = (pixel.x * params.width + pixel.y) * params.channels4 + k4 % params.channels4;
      x_part[at / 4 * 5 + at % 4] = staged(select(vec4f(), x[select(0, place, inside)], inside));
    }
    for (var i = 0u; i < 4; i++) {
      let at = i * 64 + index;
      let start = min(k * 4 + at / 16, steps * 4 - 1) * params.cols4;
      w_part[at] = staged(w[start + min(col + at % 16, last_col)]);
    }
    workgroupBarrier();
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }

  for (var i = 0u; i < 2 * ROWS; i++) {
    store(0, row + i / 2 * 8 + lane.y, col + i % 2 * 8 + lane.x, sums[i]);
  }
}
