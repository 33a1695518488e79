// dw[chunk, ky, kx, c, n] = sum over the pixels (oy, ox) of the chunk of x[oy s + ky - p, ox s + kx - p, c] * dy[oy, ox, n]
// One workgroup computes 8 ROWS channels of taps, in the order of dw, by 4 COLS4 WIDE columns of a chunk: 16 pixels of both
// operands pass through its memory at a time. For GPUs, where pixels are many.
//!import product_turned

struct Params {
  height: u32,
  width: u32,
  channels4: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  out_width: u32,
  pixels: u32,   // of dy
  inner4: u32,   // kernel_height * kernel_width * channels4
  cols4: u32,
  chunk: u32,    // pixels a chunk
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, channels]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // [out_height, out_width, cols]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [chunks, kernel_height, kernel_width, channels, cols]

fn store(chunk: u32, row: u32, col: u32, sum: vec4f) {
  if (row >= params.inner4 * 4 || col >= params.cols4) { return; }
  dw[(chunk * params.inner4 * 4 + row) * params.cols4 + col] = sum;
}

// 4 pixels of x, and which of them are there: neither past the end of the chunk nor outside of the map.
struct Pixels {
  values: mat4x4f,
  there: vec4<bool>,
}

// Of x under the tap (ky, kx) of 4 pixels of dy.
fn load_pixels(pixels: vec4u, end: u32, tap: vec2u, channel4: u32) -> Pixels {
  // Above and left of the map these wrap to huge numbers.
  let down = pixels / params.out_width * params.stride + tap.x - params.padding;
  let across = pixels % params.out_width * params.stride + tap.y - params.padding;
  let there = (pixels < vec4u(end)) & (down < vec4u(params.height)) & (across < vec4u(params.width));
  let at = select(vec4u(), (down * params.width + across) * params.channels4 + channel4, there);
  var four: mat4x4f;
  four[0] = x[at.x];
  four[1] = x[at.y];
  if (ROW_STEPS == 4) {
    four[2] = x[at.z];
    four[3] = x[at.w];
  }
  return Pixels(four, there);
}

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let first = group.z * params.chunk;
  let end = min(first + params.chunk, params.pixels);
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let row4 = min(row / 4 + own_row4(index), params.inner4 - 1);
  let cols = own_cols(index, col);
  let steps = own_steps(index);
  let at = row4 / params.channels4;
  let tap = vec2u(at / params.kernel_width, at % params.kernel_width);
  let channel4 = row4 % params.channels4;

  var sums: Sums;
  var pixels = load_pixels(first + steps, end, tap, channel4);
  var columns = load_dy(index, first, end - 1, 0, cols);
  for (var m = first; m < end; m += 16) {
    stage_steps(index, pixels.values, pixels.there);
    stage_columns(index, columns);
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    let next = m + 16;
    if (next < end) {
      pixels = load_pixels(next + steps, end, tap, channel4);
      columns = load_dy(index, next, end - 1, 0, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(group.z, row, col, lane, sums);
}
