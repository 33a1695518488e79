// dk[u, h, :] = scale sum_t P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) q[t, h, :] and dv[u, h, :] = sum_t P[t, u] dy[t, h, :]
// One invocation owns one key of one head and walks the queries of its window; P = exp(scale q . k + q . (rel_h + rel_w) - L).
//
// L and D come from attention_relpos_grad_q.wgsl. Maps and windows as in attention_relpos.wgsl; padding is frozen.

struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,   // H; W is WINDOW_WIDTH
  windows_x: u32,       // windows in a row of the map
  heads: u32,
  first_head: u32,      // of this dispatch
  q_stride: u32,        // strides, starts and paddings count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;            // [map, v_stride]
@group(0) @binding(4) var<storage, read> rel: array<vec4f>;          // [2 H - 1 + 2 W - 1, HEAD4]: rel_h, then rel_w
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;           // [map, heads * HEAD4]
@group(0) @binding(6) var<storage, read> statistics: array<vec2f>;   // [map, heads]: L and D
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;     // [map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;     // [map, heads * HEAD4]

const HEAD4: u32 = 16;         // vec4s in a head
const WINDOW_WIDTH: u32 = 14;
override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at_x = id.x % WINDOW_WIDTH;
  let at_y = id.x / WINDOW_WIDTH;
  let head = params.first_head + id.y;
  let x0 = id.z % params.windows_x * WINDOW_WIDTH;
  let y0 = id.z / params.windows_x * params.window_height;
  if (at_y >= params.window_height || x0 + at_x >= params.width || y0 + at_y >= params.height) { return; }
  let row = (y0 + at_y) * params.width + x0 + at_x;

  var key: array<vec4f, HEAD4>;
  var value: array<vec4f, HEAD4>;
  var key_sum: array<vec4f, HEAD4>;
  var value_sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    key[c] = k[row * params.k_stride + params.k_start + head * HEAD4 + c] * params.scale;
    value[c] = v[row * params.v_stride + params.v_start + head * HEAD4 + c];
    key_sum[c] = vec4f();
    value_sum[c] = vec4f();
  }
  // Padding queries have no gradient.
  let end_y = min(params.window_height, params.height - y0);
  let end_x = min(WINDOW_WIDTH, params.width - x0);
  for (var query_y = 0u; query_y < end_y; query_y++) {
    let rel_y = (query_y + params.window_height - 1 - at_y) * HEAD4;
    for (var query_x = 0u; query_x < end_x; query_x++) {
      let rel_x = (2 * params.window_height - 1 + query_x + WINDOW_WIDTH - 1 - at_x) * HEAD4;
      let query_row = (y0 + query_y) * params.width + x0 + query_x;
      let q_at = query_row * params.q_stride + params.q_start + head * HEAD4;
      let origin = query_row * params.heads + head;
      var score = 0.0;
      var product = 0.0;
      for (var c = 0u; c < HEAD4; c++) {
        score += dot(key[c] + rel[rel_y + c] + rel[rel_x + c], q[q_at + c]);
        product += dot(value[c], dy[origin * HEAD4 + c]);
      }
      let weight = exp(score - statistics[origin].x);
      let factor = weight * (product - statistics[origin].y);
      for (var c = 0u; c < HEAD4; c++) {
        key_sum[c] = fma(vec4f(factor), q[q_at + c], key_sum[c]);
        value_sum[c] = fma(vec4f(weight), dy[origin * HEAD4 + c], value_sum[c]);
      }
    }
  }
  let to = (row * params.heads + head) * HEAD4;
  for (var c = 0u; c < HEAD4; c++) {
    dk[to + c] = key_sum[c] * params.scale;
    dv[to + c] = value_sum[c];
  }
}
