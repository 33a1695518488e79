// dq[t, h, :] = sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) (scale k[u, h, :] + rel_h[t.y - u.y] + rel_w[t.x - u.x]), P = exp(score - L), D = sum_u P dy . v
// A quad of lanes owns one query of one head and walks the keys of its window twice, as attention_relpos_grad_q.wgsl has it of one
// lane: heads too long for a lane's registers. A key's row of rel_w is read with the key: terms and sums of columns would be arrays.
//!import shared_row
//!import relpos_rows
//!import head_parts

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> rel: array<vec4f>;               // [2 H - 1 + 2 W - 1, HEAD4]: rel_h, then rel_w
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [map, heads]: L and D

override LANES: u32 = 32;

// A lane's part of a key, with what the distance of its column adds, and of its value.
struct Key {
  near: array<vec4f, OWN4>,
  value: array<vec4f, OWN4>,
}

fn key_of(lane: u32, site: Site, key: vec2u) -> Key {
  let at = site.corner + key;
  let inside = at.x < params.width && at.y < params.height;
  let row = select(0, at.y * params.width + at.x, inside);
  let rel_at = rel_rows(site.own, key).y * HEAD4;
  var found: Key;
  for (var c = 0u; c < OWN4; c++) {
    let own = channel(lane, c);
    let column = site.head * HEAD4 + own;
    let k_own = select(pad[params.k_pad + column], k[row * params.k_stride + params.k_start + column], inside);
    found.near[c] = fma(vec4f(params.scale), k_own, rel[rel_at + own]);
    found.value[c] = select(pad[params.v_pad + column], v[row * params.v_stride + params.v_start + column], inside);
  }
  return found;
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let lane = id.x;
  let site = site_of(id.x / PARTS, id.y, id.z);
  // A padding query has no gradient.
  if (!site.inside) { return; }
  let to = site.row * params.heads + site.head;

  var query: array<vec4f, OWN4>;
  var outer: array<vec4f, OWN4>;
  var sum: array<vec4f, OWN4>;
  for (var c = 0u; c < OWN4; c++) {
    let at = channel(lane, c);
    let counts = select(0.0, 1.0, has_channel(lane, c));
    query[c] = q[site.row * params.q_stride + params.q_start + site.head * HEAD4 + at] * counts;
    outer[c] = dy[to * HEAD4 + at] * counts;
    sum[c] = vec4f();
  }

  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  var inner = 0.0;
  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let rel_at = rel_rows(site.own, vec2u(0, key_y)).x * HEAD4;
    for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
      let key = key_of(lane, site, vec2u(key_x, key_y));
      var own = vec2f();  // score and product
      for (var c = 0u; c < OWN4; c++) {
        own += vec2f(dot(query[c], key.near[c] + rel[rel_at + channel(lane, c)]), dot(outer[c], key.value[c]));
      }
      let both = whole(own);
      let top = max(highest, both.x);
      let shrink = exp(highest - top);
      let weight = exp(both.x - top);
      highest = top;
      weight_sum = fma(weight_sum, shrink, weight);
      inner = fma(inner, shrink, weight * both.y);
    }
  }
  inner /= weight_sum;
  let logarithm = highest + log(weight_sum);

  for (var key_y = 0u; key_y < params.window_height; key_y++) {
    let rel_at = rel_rows(site.own, vec2u(0, key_y)).x * HEAD4;
    for (var key_x = 0u; key_x < WINDOW_WIDTH; key_x++) {
      let key = key_of(lane, site, vec2u(key_x, key_y));
      var near: array<vec4f, OWN4>;
      var own = vec2f();
      for (var c = 0u; c < OWN4; c++) {
        near[c] = key.near[c] + rel[rel_at + channel(lane, c)];
        own += vec2f(dot(query[c], near[c]), dot(outer[c], key.value[c]));
      }
      let both = whole(own);
      let factor = exp(both.x - logarithm) * (both.y - inner);
      for (var c = 0u; c < OWN4; c++) { sum[c] = fma(vec4f(factor), near[c], sum[c]); }
    }
  }
  for (var c = 0u; c < OWN4; c++) {
    if (has_channel(lane, c)) { dq[to * HEAD4 + channel(lane, c)] = sum[c]; }
  }
  if (lane % PARTS == 0) { statistics[to] = vec2f(logarithm, inner); }
}
