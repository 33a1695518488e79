// y[m, n] = (x[m, :] + position[m, :] where n < placed) . w[:, n] * scale[n] + bias[n]
// One workgroup of 8 x 8 computes 8 ROWS rows by 64 columns, as in matmul_tile.wgsl: what reads a map with its position and
// what reads it without are one product.
//!import product_tile
//!import stored

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  placed4: u32,  // a multiple of 16
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [rows, inner]
@group(0) @binding(2) var<storage, read> position: array<vec4f>;  // [rows, inner]
@group(0) @binding(3) var<storage, read> w: array<vec4f>;         // [inner, cols]
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;      // [cols]
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [rows, cols]

override SCALED: u32 = 0;

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let row = group.y * 8 * ROWS;
  let col = group.x * 16;
  let placed = col < params.placed4;
  let last_row = params.rows - 1;
  let last_col = params.cols4 - 1;

  var sums: Sums;
  for (var k = 0u; k < params.inner4; k += 4) {
    // Past the end x is zero; w is read inside, where it is finite.
    for (var i = 0u; i < ROWS / 2; i++) {
      let at = i * 64 + index;
      let k4 = k + at % 4;
      let inside = k4 < params.inner4;
      let source = select(0, min(row + at / 4, last_row) * params.inner4 + k4, inside);
      var four = x[source];
      if (placed) { four += position[source]; }
      x_part[at / 4 * 5 + at % 4] = staged(select(vec4f(), four, inside));
    }
    for (var i = 0u; i < 4; i++) {
      let at = i * 64 + index;
      let start = min(k * 4 + at / 16, params.inner4 * 4 - 1) * params.cols4;
      w_part[at] = staged(w[start + min(col + at % 16, last_col)]);
    }
    workgroupBarrier();
    multiply_parts(lane, &sums);
    workgroupBarrier();
  }

  for (var i = 0u; i < 2 * ROWS; i++) {
    let at_row = row + i / 2 * 8 + lane.y;
    let at_col = col + i % 2 * 8 + lane.x;
    if (at_row > last_row || at_col > last_col) { continue; }
    var value = sums[i];
    if (SCALED == 1) { value *= scale[at_col]; }
    y[at_row * params.cols4 + at_col] = value + bias[at_col];
  }
}
