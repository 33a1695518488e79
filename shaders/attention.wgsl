// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :]) v[u, h, :], over the tokens u of t's window
// One invocation owns one query of one head and walks the window's keys with a running softmax: no score is stored.
//
// Tokens lie row by row on a map [height, width]; windows tile the map from its top left corner, and query window i
// sees key window i. A plain sequence is a map of height 1 with one window. Key tokens of a window that stick out of
// the map are padding: their k and v are `pad`, the projection's bias, for a zero token projects to just that.
//!late hardware

struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  windows_x: u32,       // windows in a row of the map
  windows: u32,         // windows on the map; z of the grid counts batch * windows
  query_width: u32,     // of the query map, its window and the map's height, in tokens
  query_height: u32,
  query_window: u32,    // window width; its height is queries / query_window
  key_width: u32,
  key_height: u32,
  key_window: u32,
  key_rows: u32,        // tokens of a batch entry of k and v
  q_stride: u32,        // strides and starts count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [k_stride], read only where windows stick out
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [batch, query map, heads * HEAD4]

const HEAD4: u32 = 8;   // vec4s in a head
override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  if (id.x >= params.queries) { return; }
  let head = id.y;
  let batch = id.z / params.windows;
  let window = id.z % params.windows;
  let window_x = window % params.windows_x;
  let window_y = window / params.windows_x;

  let query_x = window_x * params.query_window + id.x % params.query_window;
  let query_y = window_y * (params.queries / params.query_window) + id.x / params.query_window;
  // A padding query's result would be dropped.
  if (query_x >= params.query_width || query_y >= params.query_height) { return; }
  let row = (batch * params.query_height + query_y) * params.query_width + query_x;

  var query: array<vec4f, HEAD4>;
  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + head * HEAD4 + c] * params.scale;
    sum[c] = vec4f();
  }
  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  let key_x0 = window_x * params.key_window;
  let key_y0 = window_y * (params.keys / params.key_window);
  for (var u = 0u; u < params.keys; u++) {
    let key_x = key_x0 + u % params.key_window;
    let key_y = key_y0 + u / params.key_window;
    let inside = key_x < params.key_width && key_y < params.key_height;
    let key_row = batch * params.key_rows + key_y * params.key_width + key_x;
    var k_at = key_row * params.k_stride + params.k_start + head * HEAD4;
    var score = 0.0;
    if (inside) {
      for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], k[k_at + c]); }
    } else {
      for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], pad[params.k_start + head * HEAD4 + c]); }
    }
    if (score > highest) {
      let shrink = exp(highest - score);
      highest = score;
      weight_sum *= shrink;
      for (var c = 0u; c < HEAD4; c++) { sum[c] *= shrink; }
    }
    let weight = exp(score - highest);
    weight_sum += weight;
    if (inside) {
      let v_at = key_row * params.v_stride + params.v_start + head * HEAD4;
      for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(weight), v[v_at + c], sum[c]); }
    } else {
      for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(weight), pad[params.v_start + head * HEAD4 + c], sum[c]); }
    }
  }
  for (var c = 0u; c < HEAD4; c++) {
    y[(row * groups.y + head) * HEAD4 + c] = sum[c] / weight_sum;
  }
}
