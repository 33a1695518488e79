// y[n, c] = (x[n] + position[n] where c < placed) w[:, c] * scale[c] + bias[c], x[n] = layernorm(sum_s addends[s, n])
// One workgroup for ROWS tokens by 4 TILE columns: each makes its tokens again, and those of the first columns store them.
//!import row_tile
//!import stored

struct Params {
  tokens: u32,
  addends: u32,
  cols4: u32,
  placed4: u32,  // a multiple of TILE
  norm: u32,     // 0 where x is the sum as it is
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> addends: array<vec4f>;   // [addends, tokens, channels]
@group(0) @binding(2) var<storage, read> position: array<vec4f>;  // [tokens, channels], unused if placed4 is 0
@group(0) @binding(3) var<storage, read> w: array<vec4f>;         // [channels, cols]
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(5) var<storage, read> vectors: array<vec4f>;   // [cols + 2 channels]: bias, the norm's weight and bias if there is one
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;   // [tokens, channels]
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;   // [tokens, cols]

override SCALED: u32 = 0;
const TILE: u32 = 8;  // a power of 2, at most LANES / ROWS

fn weight(matrix: u32, at: u32) -> vec4f {
  return w[at];
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.y * ROWS;
  // Tokens past the end are the last one again: they are never stored.
  let last = params.tokens - 1;
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) {
    let at = min(first + i / CHANNELS4, last) * CHANNELS4 + i % CHANNELS4;
    var sum = vec4f();
    for (var s = 0u; s < params.addends; s++) { sum += addends[s * params.tokens * CHANNELS4 + at]; }
    rows[i] = sum;
  }
  if (params.norm == 1) { normalise_rows(lane, params.cols4, params.eps); }
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) {
    let token = first + i / CHANNELS4;
    if (group.x == 0 && token <= last) { x[token * CHANNELS4 + i % CHANNELS4] = rows[i]; }
    if (group.x * TILE < params.placed4) { rows[i] += position[min(token, last) * CHANNELS4 + i % CHANNELS4]; }
  }
  workgroupBarrier();

  let col = group.x * TILE + lane % TILE;
  let sum = multiply_rows(lane, TILE, CHANNELS4, 0, min(col, params.cols4 - 1), params.cols4);
  let token = first + lane / TILE;
  if (lane / TILE >= ROWS || token > last || col >= params.cols4) { return; }
  var value = sum;
  if (SCALED == 1) { value *= scale[col]; }
  y[token * params.cols4 + col] = value + vectors[col];
}
