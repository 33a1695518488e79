// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// One invocation computes 4 pixels (numbered row by row, r = oy out_width + ox) by 4 channels, straight from storage.
//!late hardware
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

override LANES_X: u32 = 8;
override LANES_Y: u32 = 8;

// Row and column of x under the first tap of an output pixel; left and above of the map they wrap to huge numbers.
fn origin(row: u32) -> vec2u {
  let pixel = min(row, params.rows - 1);
  return vec2u(pixel / params.out_width, pixel % params.out_width) * params.stride - params.padding;
}

fn inside(pixel: vec2u) -> bool {
  return pixel.x < params.height && pixel.y < params.width;
}

// Where a pixel of x begins; 0 outside of the map, which is read and not used.
fn address(pixel: vec2u) -> u32 {
  return select(0u, (pixel.x * params.width + pixel.y) * params.channels4, inside(pixel));
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let col = id.x;
  let row = id.y * 4;
  if (col >= params.cols4 || row >= params.rows) { return; }

  let origin0 = origin(row);
  let origin1 = origin(row + 1);
  let origin2 = origin(row + 2);
  let origin3 = origin(row + 3);

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var at = col;
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let tap = vec2u(ky, kx);
      let base0 = address(origin0 + tap);
      let inside0 = inside(origin0 + tap);
      let base1 = address(origin1 + tap);
      let inside1 = inside(origin1 + tap);
      let base2 = address(origin2 + tap);
      let inside2 = inside(origin2 + tap);
      let base3 = address(origin3 + tap);
      let inside3 = inside(origin3 + tap);
      for (var k = 0u; k < params.channels4; k++) {
        let w0 = w[at];
        let w1 = w[at + params.cols4];
        let w2 = w[at + 2 * params.cols4];
        let w3 = w[at + 3 * params.cols4];
        at += 4 * params.cols4;
        let x0 = select(vec4f(), x[base0 + k], inside0);
        let x1 = select(vec4f(), x[base1 + k], inside1);
        let x2 = select(vec4f(), x[base2 + k], inside2);
        let x3 = select(vec4f(), x[base3 + k], inside3);
        sum0 = multiply(w0, w1, w2, w3, x0, sum0);
        sum1 = multiply(w0, w1, w2, w3, x1, sum1);
        sum2 = multiply(w0, w1, w2, w3, x2, sum2);
        sum3 = multiply(w0, w1, w2, w3, x3, sum3);
      }
    }
  }
  store(0, row, col, sum0);
  store(0, row + 1, col, sum1);
  store(0, row + 2, col, sum2);
  store(0, row + 3, col, sum3);
}
