// y[r, c] = bytes((2^21 + sum_j taps[c, j] * pixels[r, column + j]) >> 22), Pillow's first pass in integers
// One invocation computes one pixel of a picture whose height is not changed yet.
//!import grid
//!import rgb

struct Params {
  rows: u32,
  width: u32,
  cols: u32,
  taps: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;       // [rows, width] RGBA bytes
@group(0) @binding(2) var<storage, read> column_taps: array<f32>;  // [cols, 1 + taps]: first column, weights * 2^22
@group(0) @binding(3) var<storage, read_write> y: array<u32>;      // [rows, cols] RGB0 bytes

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.rows * params.cols) { return; }
  let base = (at % params.cols) * (1 + params.taps);
  let first = (at / params.cols) * params.width + u32(column_taps[base]);
  var sum = vec3u(1u << 21);
  for (var j = 0u; j < params.taps; j++) {
    sum += u32(column_taps[base + 1 + j]) * rgb_of(pixels[first + j]);
  }
  let colour = min(sum >> vec3u(22), vec3u(255));
  y[at] = colour.r | (colour.g << 8) | (colour.b << 16);
}
