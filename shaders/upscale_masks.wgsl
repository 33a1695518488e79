// y[m, r, q] = sum_c gelu(u[r, q, c] + skip4[r, q, c]) hyper[m, c], u the transposed convolution w of gelu(layernorm(x + skip8))
// One workgroup for ROWS pixels of the middle map: neither it nor the large one is ever written. Both shuffles: lib/shuffle.wgsl.
//!import activation
//!import row_tile
//!import stored

struct Params {
  pixels: u32,    // of the middle map, four for each of x
  width: u32,     // of x
  x_stride: u32,  // in fours
  x_start: u32,
  masks: u32,     // at most 4
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [height, width, x_stride]: (dy, dx, channels) from x_start on
@group(0) @binding(2) var<storage, read> skip8: array<vec4f>;    // [2 height, 2 width, channels], unused if SKIP is 0
@group(0) @binding(3) var<storage, read> skip4: array<vec4f>;    // [4 height, 4 width, channels / 2], unused if SKIP is 0
@group(0) @binding(4) var<storage, read> w: array<vec4f>;        // [channels, (dy, dx, channels / 2)]
@group(0) @binding(5) var<storage, read> scale: array<vec4f>;    // [2 channels], unused if SCALED is 0
@group(0) @binding(6) var<storage, read> vectors: array<vec4f>;  // [4 channels]: the norm's weight and bias, the convolution's bias four times
@group(0) @binding(7) var<storage, read> hyper: array<vec4f>;    // [masks or more, channels / 2]
@group(0) @binding(8) var<storage, read_write> y: array<f32>;    // [masks, 4 height, 4 width]

override SCALED: u32 = 0;
override SKIP: u32 = 0;

const FINE4 = CHANNELS4 / 2;
const COLS4 = 4 * FINE4;
const GROUPS = LANES / COLS4;
const EACH = ROWS / GROUPS;  // rows of a lane

fn weight(matrix: u32, at: u32) -> vec4f {
  return w[at];
}

// Row and column on the middle map.
fn place_of(pixel: u32) -> vec2u {
  let coarse = pixel / 4;
  return vec2u(coarse / params.width * 2 + pixel % 4 / 2, coarse % params.width * 2 + pixel % 2);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * ROWS;
  // Pixels past the end are the last one again: they are never stored.
  let last = params.pixels - 1;
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) {
    let pixel = min(first + i / CHANNELS4, last);
    let col = i % CHANNELS4;
    rows[i] = x[pixel / 4 * params.x_stride + params.x_start + pixel % 4 * CHANNELS4 + col];
    let place = place_of(pixel);
    if (SKIP == 1) { rows[i] += skip8[(place.x * 2 * params.width + place.y) * CHANNELS4 + col]; }
  }
  normalise_rows(lane, 0, params.eps);
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) { rows[i] = activate4(rows[i]); }
  workgroupBarrier();

  let col = lane % COLS4;
  let own = lane / COLS4 * EACH;
  var sums: array<vec4f, EACH>;
  for (var k = 0u; k < CHANNELS4; k++) {
    let base = 4 * k * COLS4 + col;
    let w0 = w[base];
    let w1 = w[base + COLS4];
    let w2 = w[base + 2 * COLS4];
    let w3 = w[base + 3 * COLS4];
    for (var r = 0u; r < EACH; r++) { sums[r] = multiply(w0, w1, w2, w3, rows[(own + r) * CHANNELS4 + k], sums[r]); }
  }

  let part = col % FINE4;
  let tap = col / FINE4;
  let most = params.masks - 1;
  let fine_width = 4 * params.width;
  for (var r = 0u; r < EACH; r++) {
    let place = 2 * place_of(min(first + own + r, last)) + vec2u(tap / 2, tap % 2);
    let at = place.x * fine_width + place.y;
    var value = sums[r];
    if (SCALED == 1) { value *= scale[col]; }
    value += vectors[2 * CHANNELS4 + col];
    if (SKIP == 1) { value += skip4[at * FINE4 + part]; }
    value = activate4(value);
    lane_parts[lane] = vec4f(
      dot(value, hyper[part]),
      dot(value, hyper[min(1, most) * FINE4 + part]),
      dot(value, hyper[min(2, most) * FINE4 + part]),
      dot(value, hyper[min(3, most) * FINE4 + part]),
    );
    workgroupBarrier();
    // The lanes of a pixel's channels take a mask each.
    if (first + own + r <= last) {
      for (var m = part; m < params.masks; m += FINE4) {
        var sum = 0.0;
        for (var i = 0u; i < FINE4; i++) { sum += lane_parts[lane - part + i][m]; }
        y[m * 4 * params.pixels + at] = sum;
      }
    }
    workgroupBarrier();
  }
}
