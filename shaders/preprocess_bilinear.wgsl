// y[r, c] = normalise(sum_i sum_j row_taps[r, i] * column_taps[c, j] * pixels[row + i, column + j]), 0 outside [rows, cols]
// One invocation computes one pixel of the square from the picture itself: no half-resized picture is ever stored.
//!import rgb
//!import normalise

struct Params {
  width: u32,
  size: u32,
  rows: u32,
  cols: u32,
  taps_in_row: u32,
  taps_in_column: u32,
  mean_r: f32,
  mean_g: f32,
  mean_b: f32,
  std_r: f32,
  std_g: f32,
  std_b: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;       // [height, width] RGBA bytes
@group(0) @binding(2) var<storage, read> row_taps: array<f32>;     // [rows, 1 + taps_in_column]: first row, weights
@group(0) @binding(3) var<storage, read> column_taps: array<f32>;  // [cols, 1 + taps_in_row]: first column, weights
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;    // [size, size, 4]

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

  let row_base = row * (1 + params.taps_in_column);
  let col_base = col * (1 + params.taps_in_row);
  var first = u32(row_taps[row_base]) * params.width + u32(column_taps[col_base]);
  var colour = vec3f();
  for (var i = 1u; i <= params.taps_in_column; i++) {
    var across = vec3f();
    for (var j = 1u; j <= params.taps_in_row; j++) {
      across = fma(vec3f(column_taps[col_base + j]), vec3f(rgb_of(pixels[first + j - 1])), across);
    }
    colour = fma(vec3f(row_taps[row_base + i]), across, colour);
    first += params.width;
  }
  y[at] = normalise(colour);
}
