// look[s, n, h] = (sum_u e_u v[u, h], top, sum_u e_u), e_u = exp(factor * q[n, h] . k[u, h] - top), over the keys u of chunk s
// One workgroup for a chunk of keys, a head and LANES / SHARES tokens; a lane sees every SHARES-th key for one of them.
// A few tokens look at many keys: chunks keep a GPU busy, and who reads the parts merges them (lib/merged_look.wgsl).

struct Params {
  tokens: u32,
  keys: u32,
  chunk: u32,
  q_stride: u32,  // strides and starts in fours
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;           // [tokens, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;           // [keys, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;           // [keys, v_stride]
@group(0) @binding(4) var<storage, read_write> look: array<vec4f>;  // [chunks, tokens, heads, HEAD4 + 1]: sums; top, weights, 0, 0

const HEAD4: u32 = 4;  // fours in a head
const LANES: u32 = 128;
const SHARES: u32 = 32;  // a lane waits for each of its keys: 8 of a chunk of 256

var<workgroup> tops: array<f32, LANES>;
var<workgroup> weights: array<f32, LANES>;
var<workgroup> sums: array<vec4f, LANES * HEAD4>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let token = group.z * (LANES / SHARES) + lane / SHARES;
  let share = lane % SHARES;
  let head = group.y;

  // Tokens past the end are the last one again: they are never stored.
  let q_at = min(token, params.tokens - 1) * params.q_stride + params.q_start + head * HEAD4;
  var query: array<vec4f, HEAD4>;
  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) { query[c] = params.factor * q[q_at + c]; }
  var highest = -1e30f;  // below any score, and exp of a difference to it is 0 without an infinity
  var weight = 0.0;
  let end = min((group.x + 1) * params.chunk, params.keys);
  for (var u = group.x * params.chunk + share; u < end; u += SHARES) {
    let k_at = u * params.k_stride + params.k_start + head * HEAD4;
    var score = 0.0;
    for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], k[k_at + c]); }
    let top = max(highest, score);
    let shrink = exp(highest - top);
    let part = exp(score - top);
    highest = top;
    weight = fma(weight, shrink, part);
    let v_at = u * params.v_stride + params.v_start + head * HEAD4;
    for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(part), v[v_at + c], sum[c] * shrink); }
  }
  tops[lane] = highest;
  workgroupBarrier();
  let first = lane - share;
  var top = tops[first];
  for (var i = 1u; i < SHARES; i++) { top = max(top, tops[first + i]); }
  // What a lane has counts relative to the highest score of all.
  let shrink = exp(highest - top);
  weights[lane] = weight * shrink;
  for (var c = 0u; c < HEAD4; c++) { sums[lane * HEAD4 + c] = sum[c] * shrink; }
  workgroupBarrier();

  if (token >= params.tokens) { return; }
  let at = ((group.x * params.tokens + token) * groups.y + head) * (HEAD4 + 1);
  for (var c = share; c <= HEAD4; c += SHARES) {
    let is_weight = c == HEAD4;
    var total = select(vec4f(), vec4f(top, 0.0, 0.0, 0.0), is_weight);
    for (var i = 0u; i < SHARES; i++) {
      total += select(sums[(first + i) * HEAD4 + min(c, HEAD4 - 1)], vec4f(0.0, weights[first + i], 0.0, 0.0), is_weight);
    }
    look[at + c] = total;
  }
}
