// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// One workgroup computes 8 ROWS pixels (numbered row by row, r = oy out_width + ox) by 4 COLS4 WIDE channels as in
// matmul_tile.wgsl, in one loop over taps and channels together, of which CHUNKS workgroups have a share each. For GPUs.
//!late hardware
//!import epilogue
//!import product_columns

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
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [CHUNKS, rows = out_height * out_width, cols]

override CHUNKS: u32 = 1;

// Where the loop over taps and channels is.
struct Place {
  ky: u32,
  kx: u32,
  channel4: u32,
}

fn further(last: Place, by: u32) -> Place {
  var place = last;
  place.channel4 += by;
  while (place.channel4 >= params.channels4) {
    place.channel4 -= params.channels4;
    place.kx += 1;
    if (place.kx == params.kernel_width) {
      place.kx = 0;
      place.ky += 1;
    }
  }
  return place;
}

// 4 pixels of x, and which of them are there: neither past the last tap nor outside of the map.
struct Pixels {
  values: mat4x4f,
  there: vec4<bool>,
}

// top, left: of x under the first tap of 4 output pixels; above and left of the map they wrap to huge numbers.
fn load_pixels(top: vec4u, left: vec4u, place: Place) -> Pixels {
  let down = top + place.ky;
  let across = left + place.kx;
  let there = (down < vec4u(params.height)) & (across < vec4u(params.width)) & vec4<bool>(place.ky < params.kernel_height);
  let at = select(vec4u(), (down * params.width + across) * params.channels4 + place.channel4, there);
  return Pixels(mat4x4f(x[at.x], x[at.y], x[at.z], x[at.w]), there);
}

@compute @workgroup_size(WIDE, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let lane = lane_at(index);
  let row = group.y * TILE_ROWS;
  let col = group.x * TILE_COLS4;
  let inner = 4 * params.kernel_height * params.kernel_width * params.channels4;
  // Pixels past the end are the last one again: their sums are never stored.
  let pixels = min(row + own_row(index) + vec4u(0, 1, 2, 3), vec4u(params.rows - 1));
  let top = pixels / params.out_width * params.stride - params.padding;
  let left = pixels % params.out_width * params.stride - params.padding;
  let cols = own_cols(index, col);
  let chunk = ((inner + 15) / 16 + CHUNKS - 1) / CHUNKS * 16;
  let begin = group.z * chunk;
  let end = min(begin + chunk, inner);

  var sums: Sums;
  var place = further(Place(), begin / 4 + index % 4);
  var rows = load_pixels(top, left, place);
  var columns = load_columns(index, begin, inner, 0, cols);
  for (var k = begin; k < end; k += 16) {
    stage_rows(index, rows.values, rows.there);
    stage_columns(index, decoded(columns));
    workgroupBarrier();
    // What comes next is on its way while this is multiplied.
    if (k + 16 < end) {
      place = further(place, 4);
      rows = load_pixels(top, left, place);
      columns = load_columns(index, k + 16, inner, 0, cols);
    }
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }
  store_sums(group.z, row, col, lane, sums);
}
