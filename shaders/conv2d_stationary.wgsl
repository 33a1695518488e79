// y[oy, ox, n] = activation(scale[n] * sum_{ky, kx, c} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c, n] + bias[n]) + residual[r mod residual_rows, n]
// A quad of 4 lanes keeps up to 128 steps of 16 columns while pixels (numbered row by row, r = oy out_width + ox) pass: see
// lib/stationary.wgsl. A row of the kernel is one run of values in x as in w, which chunks are cut from.
//!late software
//!import stationary
// A quad has one place in the grid, so what its lanes do together they all do.
diagnostic(off, subgroup_uniformity);

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
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [rows = out_height * out_width, cols]; sums on the way

// `row` is where the map's row starts in x, and where the chunk starts in that row; left of the map that is a huge number.
fn load_x(row: vec2u, k: u32) -> vec4f {
  let at = row.y + k;
  let inside = at < params.width * params.channels4;
  return select(vec4f(), x[select(0, row.x + at, inside)], inside);
}

// Where a chunk that starts at k of row ky of the kernel lies under an output pixel.
fn place(pixel: u32, ky: u32, k: u32) -> vec2u {
  let origin = vec2u(pixel / params.out_width, pixel % params.out_width) * params.stride - params.padding;
  let inside = origin.x + ky < params.height;
  let start = origin.y * params.channels4 + k;
  // Far from both ends of a row of the map, with or without a chunk.
  return select(vec2u(0, 0x80000000u), vec2u((origin.x + ky) * params.width * params.channels4, start), inside);
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let col = group.x * 4 + lane;
  let rows = rows_of(group.y, groups.y);
  let factor = factor_of(0, col);
  let shift = shift_of(0, col);
  let run = params.kernel_width * params.channels4;
  var first = true;
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var k = 0u; k < run; k += 4 * STEPS) {
      let count4 = min(4 * STEPS, run - k);
      keep(lane, 4 * (ky * run + k) * params.cols4 + min(col, params.cols4 - 1), count4);
      for (var row = rows.x; row < rows.y; row++) {
        let chunk = times(lane, count4, place(row, ky, k));
        put(0, row, col, waiting(0, row, col, first) + chunk, factor, shift);
      }
      first = false;
    }
  }
  finish(0, rows, col, factor, shift);
}
