//!import window_site
//!import head_parts
// The gradient of attention by its keys and values: PARTS lanes beside each other own one key of one head, each every PARTS-th
// vec4 of it, and walk a chunk of the window's queries. For files with the bindings of attention_grad_kv.wgsl, PARTS, and
// whole(own), the sum over those lanes in each of them.
override LANES: u32 = 32;

fn key_gradient(group: vec3u, groups: vec3u, lane: u32) {
  let site = site_of(group, groups);
  let chunks = (params.queries + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let place = window_row((group.x / chunks * LANES + lane) / PARTS, site.window, site.key_side, site.key_map);
  // Padding keys are frozen.
  if (place == OUTSIDE) { return; }
  let row = site.key_base + place;

  var key: array<vec4f, OWN4>;
  var value: array<vec4f, OWN4>;
  var key_sum: array<vec4f, OWN4>;
  var value_sum: array<vec4f, OWN4>;
  // A query and its gradient are read once, for the score and for what they add.
  var near: array<vec4f, OWN4>;
  var outer: array<vec4f, OWN4>;
  for (var c = 0u; c < OWN4; c++) {
    let at = channel(lane, c);
    let counts = select(0.0, 1.0, has_channel(lane, c));
    key[c] = k[row * params.k_stride + params.k_start + site.head * HEAD4 + at] * (counts * params.scale);
    value[c] = v[row * params.v_stride + params.v_start + site.head * HEAD4 + at] * counts;
    key_sum[c] = vec4f();
    value_sum[c] = vec4f();
  }
  let end = min((chunk + 1) * params.chunk, params.queries);
  for (var t = chunk * params.chunk; t < end; t++) {
    let query = window_row(t, site.window, site.query_side, site.query_map);
    if (query == OUTSIDE) { continue; }
    let origin = (site.query_base + query) * site.heads + site.head;
    let q_at = (site.query_base + query) * params.q_stride + params.q_start + site.head * HEAD4;
    var own = vec2f();  // score and product
    for (var c = 0u; c < OWN4; c++) {
      let at = channel(lane, c);
      near[c] = q[q_at + at];
      outer[c] = dy[origin * HEAD4 + at];
      own += vec2f(dot(key[c], near[c]), dot(value[c], outer[c]));
    }
    let both = whole(own);
    let of_row = statistics[origin];
    let weight = exp(both.x - of_row.x);
    let factor = weight * (both.y - of_row.y);
    for (var c = 0u; c < OWN4; c++) {
      key_sum[c] = fma(vec4f(factor), near[c], key_sum[c]);
      value_sum[c] = fma(vec4f(weight), outer[c], value_sum[c]);
    }
  }
  let to = (chunk * site.batches * site.key_map.x * site.key_map.y + row) * site.heads + site.head;
  for (var c = 0u; c < OWN4; c++) {
    if (has_channel(lane, c)) {
      dk[to * HEAD4 + channel(lane, c)] = key_sum[c] * params.scale;
      dv[to * HEAD4 + channel(lane, c)] = value_sum[c];
    }
  }
}
