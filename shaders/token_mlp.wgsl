// y[s, n] = relu(x[n] w_1[:, slice s] + b_1) w_2[slice s, :] (+ b_2 + x[n] if s = 0), x[n] = layernorm(look[n] w_o + b_o + residual[n])
// One workgroup for ROWS tokens and a slice of 4 SLICE4 hidden values: each makes x again; the sum over s is the MLP's result.
//!import row_tile
//!import merged_look
//!import stored

struct Params {
  tokens: u32,
  chunks: u32,
  inner4: u32,   // of look, at most CHANNELS4
  hidden4: u32,  // a multiple of SLICE4
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<vec4f>;      // [chunks, tokens, heads, HEAD4 + 1]
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;  // [tokens, channels]
@group(0) @binding(3) var<storage, read> w: array<vec4f>;         // [channels, channels + hidden]: w_o, whose rows past inner are not read; w_1
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;     // [channels + hidden], unused if SCALED is 0
@group(0) @binding(5) var<storage, read> w2: array<vec4f>;        // [hidden, channels]: w_2
@group(0) @binding(6) var<storage, read> scale2: array<vec4f>;    // [channels], unused if SCALED is 0
@group(0) @binding(7) var<storage, read> vectors: array<vec4f>;   // [4 channels + hidden]: b_o, b_1, b_2, the norm's weight and bias
@group(0) @binding(8) var<storage, read_write> y: array<vec4f>;   // [slices, tokens, channels]

override SCALED: u32 = 0;
const SLICE4: u32 = 16;  // a power of 2, at most LANES / ROWS and CHANNELS4

fn weight(matrix: u32, at: u32) -> vec4f {
  if (matrix == 1) { return w2[at]; }
  return w[at];
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let slice = group.x;
  let first = group.y * ROWS;
  // Tokens past the end are the last one again: they are never stored.
  let last = params.tokens - 1;
  let cols4 = CHANNELS4 + params.hidden4;
  for (var i = lane; i < ROWS * params.inner4; i += LANES) {
    let col = i % params.inner4;
    rows[i / params.inner4 * CHANNELS4 + col] = merged_look(min(first + i / params.inner4, last), col);
  }
  workgroupBarrier();

  let col = lane % CHANNELS4;
  let own = lane / CHANNELS4;
  let token = min(first + own, last);
  var value = multiply_rows(lane, CHANNELS4, params.inner4, 0, col, cols4);
  if (own < ROWS) {
    if (SCALED == 1) { value *= scale[col]; }
    rows[lane] = value + vectors[col] + residual[token * CHANNELS4 + col];
  }
  normalise_rows(lane, cols4 + CHANNELS4, params.eps);
  var start = vec4f();
  if (own < ROWS && slice == 0) { start = rows[lane] + vectors[cols4 + col]; }

  let unit = slice * SLICE4 + lane % SLICE4;
  var hidden = multiply_rows(lane, SLICE4, CHANNELS4, 0, CHANNELS4 + unit, cols4);
  if (lane / SLICE4 < ROWS) {
    if (SCALED == 1) { hidden *= scale[CHANNELS4 + unit]; }
    rows[lane / SLICE4 * CHANNELS4 + lane % SLICE4] = max(hidden + vectors[CHANNELS4 + unit], vec4f());
  }
  workgroupBarrier();

  value = multiply_rows(lane, CHANNELS4, SLICE4, 1, slice * SLICE4 * 4 * CHANNELS4 + col, CHANNELS4);
  if (own >= ROWS || first + own > last) { return; }
  if (SCALED == 1) { value *= scale2[col]; }
  y[(slice * params.tokens + token) * CHANNELS4 + col] = value + start;
}
