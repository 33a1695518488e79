//!import relpos_rows
//!import head_parts
// The gradient by keys and values: PARTS lanes beside each other own one key of one head, each every PARTS-th vec4 of it, and walk
// the queries of its window. For files with the bindings of attention_relpos_grad_kv.wgsl, PARTS, and whole(own), the sum over
// those lanes in each of them.
override LANES: u32 = 32;

fn key_gradient(id: vec3u) {
  let lane = id.x;
  let site = site_of(id.x / PARTS, id.y, id.z);
  if (!site.inside) { return; }
  let head = site.head;

  var key: array<vec4f, OWN4>;
  var value: array<vec4f, OWN4>;
  var key_sum: array<vec4f, OWN4>;
  var value_sum: array<vec4f, OWN4>;
  for (var c = 0u; c < OWN4; c++) {
    let at = head * HEAD4 + channel(lane, c);
    key[c] = k[site.row * params.k_stride + params.k_start + at] * params.scale;
    value[c] = v[site.row * params.v_stride + params.v_start + at];
    key_sum[c] = vec4f();
    value_sum[c] = vec4f();
  }
  // Padding queries have no gradient.
  let end = min(vec2u(WINDOW_WIDTH, params.window_height), vec2u(params.width, params.height) - site.corner);
  for (var query_y = 0u; query_y < end.y; query_y++) {
    for (var query_x = 0u; query_x < end.x; query_x++) {
      let rel_at = rel_rows(vec2u(query_x, query_y), site.own) * HEAD4;
      let query_row = (site.corner.y + query_y) * params.width + site.corner.x + query_x;
      let q_at = query_row * params.q_stride + params.q_start + head * HEAD4;
      let origin = query_row * params.heads + head;
      var own = vec2f();  // score and product
      for (var c = 0u; c < OWN4; c++) {
        let at = channel(lane, c);
        let counts = select(0.0, 1.0, has_channel(lane, c));
        own += counts * vec2f(
          dot(key[c] + rel[rel_at.x + at] + rel[rel_at.y + at], q[q_at + at]),
          dot(value[c], dy[origin * HEAD4 + at]),
        );
      }
      let both = whole(own);
      let weight = exp(both.x - statistics[origin].x);
      let factor = weight * (both.y - statistics[origin].y);
      for (var c = 0u; c < OWN4; c++) {
        let at = channel(lane, c);
        key_sum[c] = fma(vec4f(factor), q[q_at + at], key_sum[c]);
        value_sum[c] = fma(vec4f(weight), dy[origin * HEAD4 + at], value_sum[c]);
      }
    }
  }
  let to = (site.row * params.heads + head) * HEAD4;
  for (var c = 0u; c < OWN4; c++) {
    if (has_channel(lane, c)) {
      dk[to + channel(lane, c)] = key_sum[c] * params.scale;
      dv[to + channel(lane, c)] = value_sum[c];
    }
  }
}
