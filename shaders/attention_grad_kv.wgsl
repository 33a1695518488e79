// dk[u, h, :] = scale sum_t P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) q[t, h, :] and dv[u, h, :] = sum_t P[t, u] dy[t, h, :]
// One invocation owns one key of one head and walks a chunk of its window's queries; P = exp(scale q . k - L).
//
// L and D come from attention_grad_q.wgsl. Chunks are summed after. Maps, windows and padding as in attention.wgsl.
//!import window_site

struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  chunk: u32,           // queries that an invocation walks; x of the grid counts blocks of keys * chunks
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
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;            // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;           // [batch, query map, heads * HEAD4]
@group(0) @binding(5) var<storage, read> statistics: array<vec2f>;   // [batch, query map, heads]: L and D
@group(0) @binding(6) var<storage, read_write> dk: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dv: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]

const HEAD4: u32 = 8;   // vec4s in a head
override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let site = site_of(group, groups);
  let chunks = (params.queries + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let place = window_row(group.x / chunks * LANES + lane, site.window, site.key_side, site.key_map);
  // Padding keys are frozen.
  if (place == OUTSIDE) { return; }
  let row = site.key_base + place;

  var key: array<vec4f, HEAD4>;
  var value: array<vec4f, HEAD4>;
  var key_sum: array<vec4f, HEAD4>;
  var value_sum: array<vec4f, HEAD4>;
  // A query and its gradient are read once, for the score and for what they add.
  var near: array<vec4f, HEAD4>;
  var outer: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    key[c] = k[row * params.k_stride + params.k_start + site.head * HEAD4 + c] * params.scale;
    value[c] = v[row * params.v_stride + params.v_start + site.head * HEAD4 + c];
    key_sum[c] = vec4f();
    value_sum[c] = vec4f();
  }
  let end = min((chunk + 1) * params.chunk, params.queries);
  for (var t = chunk * params.chunk; t < end; t++) {
    let query = window_row(t, site.window, site.query_side, site.query_map);
    if (query == OUTSIDE) { continue; }
    let origin = (site.query_base + query) * site.heads + site.head;
    let q_at = (site.query_base + query) * params.q_stride + params.q_start + site.head * HEAD4;
    var score = 0.0;
    var product = 0.0;
    for (var c = 0u; c < HEAD4; c++) {
      near[c] = q[q_at + c];
      outer[c] = dy[origin * HEAD4 + c];
      score += dot(key[c], near[c]);
      product += dot(value[c], outer[c]);
    }
    let own = statistics[origin];
    let weight = exp(score - own.x);
    let factor = weight * (product - own.y);
    for (var c = 0u; c < HEAD4; c++) {
      key_sum[c] = fma(vec4f(factor), near[c], key_sum[c]);
      value_sum[c] = fma(vec4f(weight), outer[c], value_sum[c]);
    }
  }
  let to = (chunk * site.batches * site.key_map.x * site.key_map.y + row) * site.heads + site.head;
  for (var c = 0u; c < HEAD4; c++) {
    dk[to * HEAD4 + c] = key_sum[c] * params.scale;
    dv[to * HEAD4 + c] = value_sum[c];
  }
}
