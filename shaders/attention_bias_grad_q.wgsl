// dq[t, h, :] = sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) scale k[u, h, :], P = exp(score - L), D = sum_u P dy . v
// One invocation owns one query of one head and walks the keys of its window twice: for L and D, then for dq.
//
// score = scale q . k + bias; L is the logarithm of the sum of exp(score). Maps, windows and padding as in attention_bias.wgsl; the
// table is frozen.
//!import window_key

struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,   // H
  window_width: u32,    // W
  windows_x: u32,       // windows in a row of the map
  heads: u32,
  first_head: u32,      // of this dispatch
  q_stride: u32,        // strides, starts and paddings count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  k_pad: u32,           // where k and v of a padding token begin
  v_pad: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> bias: array<f32>;                // [heads, H, W]
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [map, heads]: L and D

const HEAD4: u32 = 8;   // vec4s in a head
override LANES: u32 = 32;

var<private> query: array<vec4f, HEAD4>;
var<private> outer: array<vec4f, HEAD4>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at_x = id.x % params.window_width;
  let at_y = id.x / params.window_width;
  let head = params.first_head + id.y;
  let x0 = id.z % params.windows_x * params.window_width;
  let y0 = id.z / params.windows_x * params.window_height;
  // A padding query has no gradient.
  if (at_y >= params.window_height || x0 + at_x >= params.width || y0 + at_y >= params.height) { return; }
  let row = (y0 + at_y) * params.width + x0 + at_x;
  let to = row * params.heads + head;

  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + head * HEAD4 + c];
    outer[c] = dy[to * HEAD4 + c];
    sum[c] = vec4f();
  }

  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  var inner = 0.0;
  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let bias_at = (head * params.window_height + max(at_y, key_y) - min(at_y, key_y)) * params.window_width;
    for (var key_x = 0u; key_x < params.window_width; key_x++) {
      let both = products(key_at(x0 + key_x, y0 + key_y, head), head);
      let score = fma(both.x, params.scale, bias[bias_at + max(at_x, key_x) - min(at_x, key_x)]);
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
    let bias_at = (head * params.window_height + max(at_y, key_y) - min(at_y, key_y)) * params.window_width;
    for (var key_x = 0u; key_x < params.window_width; key_x++) {
      let key = key_at(x0 + key_x, y0 + key_y, head);
      let both = products(key, head);
      let score = fma(both.x, params.scale, bias[bias_at + max(at_x, key_x) - min(at_x, key_x)]);
      let factor = exp(score - logarithm) * (both.y - inner);
      let scaled = vec4f(factor * params.scale);
      if (key.inside) {
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(scaled, k[key.k_at + c], sum[c]); }
      } else {
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(scaled, pad[params.k_pad + head * HEAD4 + c], sum[c]); }
      }
    }
  }
  for (var c = 0u; c < HEAD4; c++) { dq[to * HEAD4 + c] = sum[c]; }
  statistics[to] = vec2f(logarithm, inner);
}
