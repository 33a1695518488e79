// y[h] = w_3[h] relu(w_2[h] relu(w_1[h] x + b_1[h]) + b_2[h]) + b_3[h], x = layernorm(look[n] w_o + b_o + residual[n]), n the token of head h
// One workgroup a head: the masks' vectors (tokens first + 1 on), their estimates (token first), then, if any, the score (token 0).
//!import row_tile
//!import merged_look
//!import stored

struct Params {
  tokens: u32,
  chunks: u32,
  inner4: u32,   // of look, at most CHANNELS4
  out4: u32,     // a power of 2, at most CHANNELS4
  masks: u32,
  first: u32,
  linear: u32,   // 1 where the score is x . last + b_3[0] alone
  sigmoid: u32,  // 1 where the estimates pass one
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<vec4f>;      // [chunks, tokens, heads, HEAD4 + 1]
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;  // [tokens, channels]
@group(0) @binding(3) var<storage, read> w: array<vec4f>;         // [heads, channels, 2 channels + out]: w_1, w_2, w_3
@group(0) @binding(4) var<storage, read> scale: array<vec4f>;     // [heads, 2 channels + out], unused if SCALED is 0
@group(0) @binding(5) var<storage, read> w2: array<vec4f>;        // [inner, channels]: w_o
@group(0) @binding(6) var<storage, read> scale2: array<vec4f>;    // [channels], unused if SCALED is 0
@group(0) @binding(7) var<storage, read> vectors: array<vec4f>;   // [4 channels + heads (2 channels + out)]: b_o, the norm's weight and bias, last, each head's b_1, b_2, b_3
@group(0) @binding(8) var<storage, read_write> y: array<vec4f>;   // [heads, out]: of the score the first is it, the others 0

override SCALED: u32 = 0;

fn weight(matrix: u32, at: u32) -> vec4f {
  if (matrix == 1) { return w2[at]; }
  return w[at];
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let score = head > params.masks;
  let token = select(select(params.first, params.first + 1 + head, head < params.masks), 0u, score);
  for (var col = lane; col < params.inner4; col += LANES) { rows[col] = merged_look(token, col); }
  workgroupBarrier();
  let col = lane % CHANNELS4;
  let holds = lane < CHANNELS4;
  var value = multiply_rows(lane, CHANNELS4, params.inner4, 1, col, CHANNELS4);
  if (holds) {
    if (SCALED == 1) { value *= scale2[col]; }
    rows[col] = value + vectors[col] + residual[token * CHANNELS4 + col];
  }
  normalise_rows(lane, CHANNELS4, params.eps);

  let cols4 = 2 * CHANNELS4 + params.out4;
  let matrix = head * 4 * CHANNELS4 * cols4;
  let biases = 4 * CHANNELS4 + head * cols4;
  let layers = select(2u, 0u, score && params.linear == 1);
  for (var layer = 0u; layer < layers; layer++) {
    let at = layer * CHANNELS4 + col;
    value = multiply_rows(lane, CHANNELS4, CHANNELS4, 0, matrix + at, cols4);
    if (holds) {
      if (SCALED == 1) { value *= scale[head * cols4 + at]; }
      rows[col] = max(value + vectors[biases + at], vec4f());
    }
    workgroupBarrier();
  }
  let out = lane % params.out4;
  let at = 2 * CHANNELS4 + out;
  if (score) {
    // A vector of weights is stored in full, as dot_rows.wgsl has it.
    var part = 0.0;
    if (holds) { part = dot(rows[col], vectors[3 * CHANNELS4 + col]); }
    let sum = sum_of_row(lane, part);
    if (lane < params.out4) { y[head * params.out4 + lane] = select(vec4f(), vec4f(sum + vectors[biases + at].x, 0.0, 0.0, 0.0), lane == 0); }
    return;
  }
  value = multiply_rows(lane, params.out4, CHANNELS4, 0, matrix + at, cols4);
  if (lane >= params.out4) { return; }
  if (SCALED == 1) { value *= scale[head * cols4 + at]; }
  value += vectors[biases + at];
  if (head == params.masks && params.sigmoid == 1) { value = 1.0 / (1.0 + exp(-max(value, vec4f(-80.0)))); }
  y[head * params.out4 + lane] = value;
}
