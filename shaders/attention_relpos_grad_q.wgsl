// dq[t, h, :] = sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) (scale k[u, h, :] + rel_h[t.y - u.y] + rel_w[t.x - u.x]), P = exp(score - L), D = sum_u P dy . v
// One invocation owns one query of one head and walks the keys of its window twice: for L and D, then for dq.
//
// score = scale q . k + q . (rel_h + rel_w); L is the logarithm of the sum of exp(score). Maps, windows and padding as in attention_relpos.wgsl; the
// tables are frozen.
//!import relpos_rows
//!import window_key

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> rel: array<vec4f>;               // [2 H - 1 + 2 W - 1, HEAD4]: rel_h, then rel_w
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [map, heads]: L and D

const HEAD4: u32 = 16;         // vec4s in a head
override LANES: u32 = 32;

var<private> query: array<vec4f, HEAD4>;
var<private> outer: array<vec4f, HEAD4>;

fn term(row: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < HEAD4; c++) { sum += dot(query[c], rel[row * HEAD4 + c]); }
  return sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let site = site_of(id.x, id.y, id.z);
  // A padding query has no gradient.
  if (!site.inside) { return; }
  let head = site.head;
  let row = site.row;
  let to = row * params.heads + head;

  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + head * HEAD4 + c];
    outer[c] = dy[to * HEAD4 + c];
    sum[c] = vec4f();
  }
  // Of a key at the window's corner; further keys come before.
  let first_rel = rel_rows(site.own, vec2u());
  var column_term: array<f32, WINDOW_WIDTH>;
  var column_sum: array<f32, WINDOW_WIDTH>;
  for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
    column_term[key_x] = term(first_rel.y - key_x);
    column_sum[key_x] = 0.0;
  }

  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  var inner = 0.0;
  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let row_term = term(first_rel.x - key_y);
    for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
      let both = products(key_at(site.corner.x + key_x, site.corner.y + key_y, head), head);
      let score = fma(both.x, params.scale, row_term + column_term[key_x]);
      let top = max(highest, score);
      let shrink = exp(highest - top);
      let weight = exp(score - top);
      highest = top;
      weight_sum = fma(weight_sum, shrink, weight);
      inner = fma(inner, shrink, weight * both.y);
    }
  }
  inner /= weight_sum;
  let logarithm = highest + log(weight_sum);

  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let row_term = term(first_rel.x - key_y);
    var row_sum = 0.0;
    for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
      let key = key_at(site.corner.x + key_x, site.corner.y + key_y, head);
      let both = products(key, head);
      let score = fma(both.x, params.scale, row_term + column_term[key_x]);
      let factor = exp(score - logarithm) * (both.y - inner);
      row_sum += factor;
      column_sum[key_x] += factor;
      let scaled = vec4f(factor * params.scale);
      if (key.inside) {
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(scaled, k[key.k_at + c], sum[c]); }
      } else {
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(scaled, pad[params.k_pad + head * HEAD4 + c], sum[c]); }
      }
    }
    for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(row_sum), rel[(first_rel.x - key_y) * HEAD4 + c], sum[c]); }
  }
  for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
    let factor = vec4f(column_sum[key_x]);
    for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(factor, rel[(first_rel.y - key_x) * HEAD4 + c], sum[c]); }
  }
  for (var c = 0u; c < HEAD4; c++) { dq[to * HEAD4 + c] = sum[c]; }
  statistics[to] = vec2f(logarithm, inner);
}
