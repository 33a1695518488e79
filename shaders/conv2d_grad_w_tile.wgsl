// dw[chunk, ky, kx, c, n] = sum over the pixels (oy, ox) of the chunk of x[oy s + ky - p, ox s + kx - p, c] * dy[oy, ox, n]
// One workgroup of 8 x 8 computes 8 ROWS channels of taps, in the order of dw, by 64 columns of a chunk: 16 pixels of both
// operands pass through its memory at a time, those of x turned. For GPUs, where pixels are many.
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

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let first = group.z * params.chunk;
  let end = min(first + params.chunk, params.pixels);
  let col = group.x * 16;
  let row4 = group.y * 2 * ROWS;
  let own_row4 = min(row4 + index % (2 * ROWS), params.inner4 - 1);
  let own_step = index / (2 * ROWS);
  let channel = own_row4 % params.channels4;
  let tap = own_row4 / params.channels4;
  let ky = tap / params.kernel_width;
  let kx = tap % params.kernel_width;

  var sums: Sums;
  for (var m = first; m < end; m += 16) {
    // Outside of the map and past the end x is zero; dy is read inside, where it is finite.
    if (own_step < 4) {
      var values: mat4x4f;
      for (var i = 0u; i < 4; i++) {
        let pixel = m + own_step * 4 + i;
        // Above and left of the map these wrap to huge numbers.
        let from_row = pixel / params.out_width * params.stride + ky - params.padding;
        let from_col = pixel % params.out_width * params.stride + kx - params.padding;
        let inside = pixel < end && from_row < params.height && from_col < params.width;
        let at = (from_row * params.width + from_col) * params.channels4 + channel;
        values[i] = select(vec4f(), x[select(0, at, inside)], inside);
      }
      stage_turned(index % (2 * ROWS), own_step, values);
    }
    for (var i = 0u; i < 4; i++) {
      let at = i * 64 + index;
      let start = min(m + at / 16, end - 1) * params.cols4;
      w_part[at] = staged(dy[start + min(col + at % 16, params.cols4 - 1)]);
    }
    workgroupBarrier();
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }

  for (var i = 0u; i < 2 * ROWS; i++) {
    let to_row = row4 * 4 + i / 2 * 8 + lane.y;
    let to_col = col + i % 2 * 8 + lane.x;
    if (to_row >= params.inner4 * 4 || to_col >= params.cols4) { continue; }
    dw[(group.z * params.inner4 * 4 + to_row) * params.cols4 + to_col] = sums[i];
  }
}
