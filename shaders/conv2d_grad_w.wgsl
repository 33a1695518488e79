// dw[chunk, ky, kx, c, n] = sum_{oy in chunk, ox} x[oy s + ky - p, ox s + kx - p, c] * dy[oy, ox, n]
// One invocation computes 8 channels c by 8 channels n of a tap, a pixel at a time, straight from storage; lanes go
// along n first.
//!import grid

struct Params {
  height: u32,
  width: u32,
  channels4: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  out_height: u32,
  out_width: u32,
  cols4: u32,
  chunk: u32,   // rows of dy a chunk
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, channels]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // [out_height, out_width, cols]
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [chunks, kernel_height, kernel_width, channels, cols]

override LANES: u32 = 64;

// The product of 4 channels of x and 4 of dy: a channel of x a column.
fn outer(x4: vec4f, dy4: vec4f) -> mat4x4f {
  return mat4x4f(dy4 * x4.x, dy4 * x4.y, dy4 * x4.z, dy4 * x4.w);
}

// 4 channels of x by 4 of dy, at the rows of channels 4k to 4k + 3.
fn store(chunk: u32, tap: u32, k: u32, n: u32, sum: mat4x4f) {
  if (k >= params.channels4 || n >= params.cols4) { return; }
  let taps = params.kernel_height * params.kernel_width;
  let base = ((chunk * taps + tap) * params.channels4 + k) * 4 * params.cols4 + n;
  dw[base] = sum[0];
  dw[base + params.cols4] = sum[1];
  dw[base + 2 * params.cols4] = sum[2];
  dw[base + 3 * params.cols4] = sum[3];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tiles_n = (params.cols4 + 1) / 2;
  let tiles_k = (params.channels4 + 1) / 2;
  let tile = flat_group(group, groups) * LANES + lane;
  let tap = tile / tiles_n / tiles_k;
  if (tap >= params.kernel_height * params.kernel_width) { return; }
  let ky = tap / params.kernel_width;
  let kx = tap % params.kernel_width;
  let k0 = tile / tiles_n % tiles_k * 2;
  let n0 = tile % tiles_n * 2;
  // Past the end the last channels are read again: their sums are never stored.
  let k1 = min(k0 + 1, params.channels4 - 1);
  let n1 = min(n0 + 1, params.cols4 - 1);
  let first = group.z * params.chunk;
  let end = min(first + params.chunk, params.out_height);

  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var oy = first; oy < end; oy++) {
    // Above and left of the map these wrap to huge numbers.
    let row = oy * params.stride + ky - params.padding;
    if (row >= params.height) { continue; }
    for (var ox = 0u; ox < params.out_width; ox++) {
      let col = ox * params.stride + kx - params.padding;
      let inside = col < params.width;
      let from_x = select(0, (row * params.width + col) * params.channels4, inside);
      let x0 = select(vec4f(), x[from_x + k0], inside);
      let x1 = select(vec4f(), x[from_x + k1], inside);
      let from_dy = (oy * params.out_width + ox) * params.cols4;
      let dy0 = dy[from_dy + n0];
      let dy1 = dy[from_dy + n1];
      sum00 += outer(x0, dy0);
      sum01 += outer(x0, dy1);
      sum10 += outer(x1, dy0);
      sum11 += outer(x1, dy1);
    }
  }
  store(group.z, tap, k0, n0, sum00);
  store(group.z, tap, k0, n0 + 1, sum01);
  store(group.z, tap, k0 + 1, n0, sum10);
  store(group.z, tap, k0 + 1, n0 + 1, sum11);
}
