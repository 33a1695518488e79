// x = layernorm(attention(q, k, v) w_o + b_o + residual), y = (x + position) w_q + b_q, a token a row; w = [w_o, w_q]
// One workgroup for ROWS tokens, which attend to all; a lane has four channels of one of them.
//!import row_tile
//!import stored

struct Params {
  tokens: u32,
  stride: u32,  // strides and starts of q, k and v in fours
  q_start: u32,
  k_start: u32,
  v_start: u32,
  bare: u32,    // 1 where there is no residual
  eps: f32,
  factor: f32,  // of the scores
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;       // [tokens, stride]
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;  // [tokens, channels], unused if bare is 1
@group(0) @binding(3) var<storage, read> position: array<vec4f>;  // [tokens, channels]
@group(0) @binding(4) var<storage, read> w: array<vec4f>;         // [channels, 3 / 2 channels]
@group(0) @binding(5) var<storage, read> scale: array<vec4f>;     // [3 / 2 channels], unused if SCALED is 0
@group(0) @binding(6) var<storage, read> vectors: array<vec4f>;   // [7 / 2 channels]: b_o, b_q, the norm's weight and bias
@group(0) @binding(7) var<storage, read_write> x: array<vec4f>;   // [tokens, channels]
@group(0) @binding(8) var<storage, read_write> y: array<vec4f>;   // [tokens, channels / 2]

override SCALED: u32 = 0;
const HEAD4: u32 = 8;  // fours in a head

const HALF4 = CHANNELS4 / 2;
const COLS4 = CHANNELS4 + HALF4;

fn weight(matrix: u32, at: u32) -> vec4f {
  return w[at];
}

// Four channels of softmax(q k) v of a token, by a running softmax over all tokens.
fn attended(token: u32, col: u32) -> vec4f {
  let head = col / HEAD4 * HEAD4;
  var query: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) { query[c] = params.factor * qkv[token * params.stride + params.q_start + head + c]; }
  var highest = -1e30f;  // below any score, and exp of a difference to it is 0 without an infinity
  var weights = 0.0;
  var sum = vec4f();
  for (var u = 0u; u < params.tokens; u++) {
    var score = 0.0;
    for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], qkv[u * params.stride + params.k_start + head + c]); }
    let top = max(highest, score);
    let shrink = exp(highest - top);
    let part = exp(score - top);
    weights = fma(weights, shrink, part);
    sum = fma(vec4f(part), qkv[u * params.stride + params.v_start + col], sum * shrink);
    highest = top;
  }
  return sum / weights;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * ROWS;
  // Tokens past the end are the last one again: they are never stored.
  let last = params.tokens - 1;
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) { rows[i] = attended(min(first + i / CHANNELS4, last), i % CHANNELS4); }
  workgroupBarrier();

  let col = lane % CHANNELS4;
  var value = multiply_rows(lane, CHANNELS4, CHANNELS4, 0, col, COLS4);
  if (lane / CHANNELS4 < ROWS) {
    if (SCALED == 1) { value *= scale[col]; }
    value += vectors[col];
    if (params.bare == 0) { value += residual[min(first + lane / CHANNELS4, last) * CHANNELS4 + col]; }
    rows[lane] = value;
  }
  normalise_rows(lane, COLS4, params.eps);
  for (var i = lane; i < ROWS * CHANNELS4; i += LANES) {
    let token = first + i / CHANNELS4;
    if (token <= last) { x[token * CHANNELS4 + i % CHANNELS4] = rows[i]; }
    rows[i] += position[min(token, last) * CHANNELS4 + i % CHANNELS4];
  }
  workgroupBarrier();

  let half = lane % HALF4;
  value = multiply_rows(lane, HALF4, CHANNELS4, 0, CHANNELS4 + half, COLS4);
  let token = first + lane / HALF4;
  if (lane / HALF4 >= ROWS || token > last) { return; }
  if (SCALED == 1) { value *= scale[CHANNELS4 + half]; }
  y[token * HALF4 + half] = value + vectors[CHANNELS4 + half];
}
