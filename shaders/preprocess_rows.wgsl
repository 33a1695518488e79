// y[r, c] = normalise((2^21 + sum_i taps[r, i] * pixels[row + i, c]) >> 22), 0 outside [rows, cols]: Pillow's second pass
// One invocation computes one pixel of the square, in integers until it is normalised.
//!import rgb
//!import normalise

struct Params {
  size: u32,
  rows: u32,
  cols: u32,
  taps: u32,
  mean_r: f32,
  mean_g: f32,
  mean_b: f32,
  std_r: f32,
  std_g: f32,
  std_b: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;     // [height, cols] RGB0 bytes
@group(0) @binding(2) var<storage, read> row_taps: array<f32>;   // [rows, 1 + taps]: first row, weights * 2^22
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [size, size, 4]

override LANES_X: u32 = 8;
override LANES_Y: u32 = 8;

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  let col = id.x;
  if (row >= params.size || col >= params.size) { return; }
  let at = row * params.size + col;
  if (row >= params.rows || col >= params.cols) {
    y[at] = vec4f();
    return;
  }

  let base = row * (1 + params.taps);
  let first = u32(row_taps[base]) * params.cols + col;
  var sum = vec3u(1u << 21);
  for (var i = 0u; i < params.taps; i++) {
    sum += u32(row_taps[base + 1 + i]) * rgb_of(pixels[first + i * params.cols]);
  }
  y[at] = normalise(vec3f(min(sum >> vec3u(22), vec3u(255))));
}
