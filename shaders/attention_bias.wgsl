// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :] + bias[h, |t.y - u.y|, |t.x - u.x|]) v[u, h, :]
// One invocation owns one query of one head and walks the keys of its window row by row with a running softmax.
//
// Maps, windows and padding as in attention_relpos.wgsl.

struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,
  window_width: u32,
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
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> bias: array<f32>;        // [heads, window_height, window_width]
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

const HEAD4: u32 = 8;   // vec4s in a head
override LANES: u32 = 32;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at_x = id.x % params.window_width;
  let at_y = id.x / params.window_width;
  let head = params.first_head + id.y;
  let x0 = id.z % params.windows_x * params.window_width;
  let y0 = id.z / params.windows_x * params.window_height;
  // A padding query's result would be dropped.
  if (at_y >= params.window_height || x0 + at_x >= params.width || y0 + at_y >= params.height) { return; }
  let row = (y0 + at_y) * params.width + x0 + at_x;

  var query: array<vec4f, HEAD4>;
  var sum: array<vec4f, HEAD4>;
  for (var c = 0u; c < HEAD4; c++) {
    query[c] = q[row * params.q_stride + params.q_start + head * HEAD4 + c] * params.scale;
    sum[c] = vec4f();
  }
  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  let k_pad = params.k_pad + head * HEAD4;
  let v_pad = params.v_pad + head * HEAD4;
  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let bias_row = (head * params.window_height + max(at_y, key_y) - min(at_y, key_y)) * params.window_width;
    for (var key_x = 0u; key_x < params.window_width; key_x++) {
      let inside = x0 + key_x < params.width && y0 + key_y < params.height;
      let key_row = (y0 + key_y) * params.width + x0 + key_x;
      var score = bias[bias_row + max(at_x, key_x) - min(at_x, key_x)];
      if (inside) {
        let k_at = key_row * params.k_stride + params.k_start + head * HEAD4;
        for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], k[k_at + c]); }
      } else {
        for (var c = 0u; c < HEAD4; c++) { score += dot(query[c], pad[k_pad + c]); }
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
        for (var c = 0u; c < HEAD4; c++) { sum[c] = fma(vec4f(weight), pad[v_pad + c], sum[c]); }
      }
    }
  }
  for (var c = 0u; c < HEAD4; c++) {
    y[(row * params.heads + head) * HEAD4 + c] = sum[c] / weight_sum;
  }
}
