// dq[t, h, :] = scale sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) k[u, h, :], P = exp(scale q . k - L), D = dy . y
// One invocation owns one query of one head and walks a chunk of its window's keys with a running softmax.
//
// L is the logarithm of the sum of exp(score), here over the chunk's keys: attention_grad_merge.wgsl joins chunks.
// Maps, windows and padding as in attention.wgsl.
//!import window_site

struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  chunk: u32,           // keys that an invocation walks; x of the grid counts blocks of queries * chunks
  windows_x: u32,       // windows in a row of the map
  windows: u32,         // windows on the map; z of the grid counts batch * windows
  query_width: u32,     // of the query map, its window and the map's height, in tokens
  query_height: u32,
  query_window: u32,    // window width; its height is queries / query_window
  key_width: u32,
  key_height: u32,
  key_window: u32,
  q_stride: u32,        // strides and starts count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [k_stride], read only where windows stick out
@group(0) @binding(5) var<storage, read> y: array<vec4f>;                 // [batch, query map, heads * HEAD4]
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [batch, query map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [chunks, batch, query map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [chunks, batch, query map, heads]: L and D

const HEAD4: u32 = 8;   // vec4s in a head
override LANES: u32 = 32;
override PAD: u32 = 0;   // 1 where windows stick out: what is outside is `pad`

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let site = site_of(group, groups);
  let chunks = (params.keys + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let place = window_row(group.x / chunks * LANES + lane, site.window, site.query_side, site.query_map);
  // A padding query has no gradient.
  if (place == OUTSIDE) { return; }
  let row = site.query_base + place;

  var query: array<vec4f, HEAD4>;
  var outer: array<vec4f, HEAD4>;
  var sum: array<vec4f, HEAD4>;
  // A key is read once for its score and for what it adds.
  var near: array<vec4f, HEAD4>;
  var inner = 0.0;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + site.head * HEAD4 + c] * params.scale;
    outer[c] = dy[(row * site.heads + site.head) * HEAD4 + c];
    inner += dot(outer[c], y[(row * site.heads + site.head) * HEAD4 + c]);
    sum[c] = vec4f();
  }
  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  let k_pad = params.k_start + site.head * HEAD4;
  let v_pad = params.v_start + site.head * HEAD4;
  let end = min((chunk + 1) * params.chunk, params.keys);
  for (var u = chunk * params.chunk; u < end; u++) {
    let key = window_row(u, site.window, site.key_side, site.key_map);
    let inside = key != OUTSIDE;
    let key_row = site.key_base + select(0, key, inside);
    let k_at = key_row * params.k_stride + k_pad;
    let v_at = key_row * params.v_stride + v_pad;
    var score = 0.0;
    var product = 0.0;
    for (var c = 0u; c < HEAD4; c++) {
      near[c] = k[k_at + c];
      var value = v[v_at + c];
      if (PAD == 1) {
        near[c] = select(pad[k_pad + c], near[c], inside);
        value = select(pad[v_pad + c], value, inside);
      }
      score += dot(query[c], near[c]);
      product += dot(outer[c], value);
    }
    let top = max(highest, score);
    let shrink = exp(highest - top);
    let weight = exp(score - top);
    highest = top;
    weight_sum = fma(weight_sum, shrink, weight);
    let factor = weight * (product - inner);
    for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(factor), near[c], sum[c] * shrink); }
  }
  let to = (chunk * site.batches * site.query_map.x * site.query_map.y + row) * site.heads + site.head;
  for (var c = 0u; c < HEAD4; c++) { dq[to * HEAD4 + c] = sum[c] * (params.scale / weight_sum); }
  statistics[to] = vec2f(highest + log(weight_sum), inner);
}
