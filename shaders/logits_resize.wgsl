// y[m, r, c] = sum_i sum_j row_taps[r, i] * column_taps[c, j] * logits[first_map + m, row + i, column + j]
// One invocation computes one pixel of one map at the picture's size.
//!import grid
//!import logit_at

struct Params {
  first_map: u32,
  maps: u32,
  pixels: u32,
  width: u32,
  low_rows: u32,
  low_cols: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // [maps and others, low_rows, low_cols]
@group(0) @binding(2) var<storage, read> row_taps: array<vec4f>;     // [height, 4]: first row, weights
@group(0) @binding(3) var<storage, read> column_taps: array<vec4f>;  // [width, 4]: first column, weights
@group(0) @binding(4) var<storage, read_write> y: array<f32>;        // [maps, height, width]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.maps * params.pixels) { return; }
  let pixel = at % params.pixels;
  y[at] = logit_at(params.first_map + at / params.pixels, pixel / params.width, pixel % params.width);
}
