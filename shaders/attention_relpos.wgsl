// y[t, h, :] = sum_u softmax_u(q[t, h, :] . (scale * k[u, h, :] + rel_h[t.y - u.y + H - 1, :] + rel_w[t.x - u.x + W - 1, :])) v[u, h, :]
// One invocation owns one query of one head and walks the keys of its H x W window row by row with a running softmax.
//
// SAM's decomposed relative positions: the term of a key row is computed when the row begins, those of the columns once
// before, so that neither scores nor biases are ever in memory. Tokens lie row by row on a map; windows tile it from the
// top left. Tokens of a window outside of the map are padding: keys with a position like any other, whose k and v are
// `pad`, the projection's bias.
//!import relpos_site

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> rel_h: array<vec4f>;     // [2 H - 1, HEAD4], for all heads
@group(0) @binding(6) var<storage, read> rel_w: array<vec4f>;     // [2 W - 1, HEAD4]
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

const HEAD4: u32 = 16;         // vec4s in a head
override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let site = site_of(id.x, id.y, id.z);
  // A padding query's result would be dropped.
  if (!site.inside) { return; }
  let head = site.head;
  let row = site.row;

  var query: array<vec4f, HEAD4>;
  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + head * HEAD4 + c];
    sum[c] = vec4f();
  }
  var column_term: array<f32, WINDOW_WIDTH>;
  for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
    let base = (site.own.x + WINDOW_WIDTH - 1 - key_x) * HEAD4;
    var term = 0.0;
    for (var c = 0u; c < HEAD4; c++) { term += dot(query[c], rel_w[base + c]); }
    column_term[key_x] = term;
  }

  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  let k_pad = params.k_pad + head * HEAD4;
  let v_pad = params.v_pad + head * HEAD4;
  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let base = (site.own.y + params.window_height - 1 - key_y) * HEAD4;
    var row_term = 0.0;
    for (var c = 0u; c < HEAD4; c++) { row_term += dot(query[c], rel_h[base + c]); }
    for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
      let inside = site.corner.x + key_x < params.width && site.corner.y + key_y < params.height;
      let key_row = (site.corner.y + key_y) * params.width + site.corner.x + key_x;
      var product = 0.0;
      if (inside) {
        let k_at = key_row * params.k_stride + params.k_start + head * HEAD4;
        for (var c = 0u; c < HEAD4; c++) { product += dot(query[c], k[k_at + c]); }
      } else {
        for (var c = 0u; c < HEAD4; c++) { product += dot(query[c], pad[k_pad + c]); }
      }
      let score = fma(product, params.scale, row_term + column_term[key_x]);
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
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(weight), pad[v_pad + c], sum[c]); }
      }
    }
  }
  for (var c = 0u; c < HEAD4; c++) {
    y[(row * params.heads + head) * HEAD4 + c] = sum[c] / weight_sum;
  }
}
