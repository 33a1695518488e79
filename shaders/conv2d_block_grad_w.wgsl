// dw[chunk, ky, kx, c, n] = sum_{oy in chunk, ox} x[oy + ky - p, ox + kx - p, c] * dy[oy, ox, n], for 3 taps kx and stride 1
// One invocation computes 8 channels c by 8 channels n of a row of taps, 4 pixels of dy at a time: they meet 6 of x,
// 2 of which are known from before. For software adapters, where a load costs as much as 40 multiply-adds.
//!late software
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
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;  // [chunks, kernel_height, 3, channels, cols]

override LANES: u32 = 8;

// 4 channels of a pixel of x, zero outside of the map; what is left or above of it wraps to huge numbers.
fn load_x(row: u32, col: u32, k: u32) -> vec4f {
  let inside = row < params.height && col < params.width;
  return select(vec4f(), x[select(0, (row * params.width + col) * params.channels4 + k, inside)], inside);
}

// 4 channels of a pixel of dy, zero past the end of a row.
fn load_dy(oy: u32, ox: u32, n: u32) -> vec4f {
  let inside = ox < params.out_width;
  return select(vec4f(), dy[select(0, (oy * params.out_width + ox) * params.cols4 + n, inside)], inside);
}

// 4 pixels of dy, a pixel a column.
fn load_pixels(oy: u32, ox: u32, n: u32) -> mat4x4f {
  return mat4x4f(load_dy(oy, ox, n), load_dy(oy, ox + 1, n), load_dy(oy, ox + 2, n), load_dy(oy, ox + 3, n));
}

// 4 channels of x by 4 of dy, at the rows of channels 4k to 4k + 3.
fn store(chunk: u32, tap: u32, k: u32, n: u32, sum: mat4x4f) {
  if (k >= params.channels4 || n >= params.cols4) { return; }
  let base = ((chunk * params.kernel_height * 3 + tap) * params.channels4 + k) * 4 * params.cols4 + n;
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
  let n0 = tile % tiles_n * 2;
  let k0 = tile / tiles_n % tiles_k * 2;
  let ky = tile / tiles_n / tiles_k;
  if (ky >= params.kernel_height) { return; }
  // Past the end the last channels are read again: their sums are never stored.
  let n1 = min(n0 + 1, params.cols4 - 1);
  let k1 = min(k0 + 1, params.channels4 - 1);
  let first = group.z * params.chunk;
  let end = min(first + params.chunk, params.out_height);

  // sum<kx>_<i><j> holds channels of x, a column each, by channels of dy, for k<i> and n<j>.
  var sum0_00 = mat4x4f();
  var sum0_01 = mat4x4f();
  var sum0_10 = mat4x4f();
  var sum0_11 = mat4x4f();
  var sum1_00 = mat4x4f();
  var sum1_01 = mat4x4f();
  var sum1_10 = mat4x4f();
  var sum1_11 = mat4x4f();
  var sum2_00 = mat4x4f();
  var sum2_01 = mat4x4f();
  var sum2_10 = mat4x4f();
  var sum2_11 = mat4x4f();
  for (var oy = first; oy < end; oy++) {
    let row = oy + ky - params.padding;
    var left0 = load_x(row, 0 - params.padding, k0);
    var left1 = load_x(row, 0 - params.padding, k1);
    var next0 = load_x(row, 1 - params.padding, k0);
    var next1 = load_x(row, 1 - params.padding, k1);
    for (var ox = 0u; ox < params.out_width; ox += 4) {
      let col = ox + 2 - params.padding;
      let dy0 = load_pixels(oy, ox, n0);
      let dy1 = load_pixels(oy, ox, n1);
      let c0 = load_x(row, col, k0);
      let d0 = load_x(row, col + 1, k0);
      let e0 = load_x(row, col + 2, k0);
      let f0 = load_x(row, col + 3, k0);
      let x00 = transpose(mat4x4f(left0, next0, c0, d0));
      sum0_00 += dy0 * x00;
      sum0_01 += dy1 * x00;
      let x10 = transpose(mat4x4f(next0, c0, d0, e0));
      sum1_00 += dy0 * x10;
      sum1_01 += dy1 * x10;
      let x20 = transpose(mat4x4f(c0, d0, e0, f0));
      sum2_00 += dy0 * x20;
      sum2_01 += dy1 * x20;
      left0 = e0;
      next0 = f0;
      let c1 = load_x(row, col, k1);
      let d1 = load_x(row, col + 1, k1);
      let e1 = load_x(row, col + 2, k1);
      let f1 = load_x(row, col + 3, k1);
      let x01 = transpose(mat4x4f(left1, next1, c1, d1));
      sum0_10 += dy0 * x01;
      sum0_11 += dy1 * x01;
      let x11 = transpose(mat4x4f(next1, c1, d1, e1));
      sum1_10 += dy0 * x11;
      sum1_11 += dy1 * x11;
      let x21 = transpose(mat4x4f(c1, d1, e1, f1));
      sum2_10 += dy0 * x21;
      sum2_11 += dy1 * x21;
      left1 = e1;
      next1 = f1;
    }
  }

  // A loop, so that the store is compiled once and not 12 times.
  let sums = array<mat4x4f, 12>(
    sum0_00, sum0_01, sum0_10, sum0_11,
    sum1_00, sum1_01, sum1_10, sum1_11,
    sum2_00, sum2_01, sum2_10, sum2_11,
  );
  for (var i = 0u; i < 12; i++) {
    store(group.z, ky * 3 + i / 4, k0 + i / 2 % 2, n0 + i % 2, sums[i]);
  }
}
