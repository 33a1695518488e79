//!import window_site
//!import head_parts
// The gradient of attention by its queries: PARTS lanes beside each other own one query of one head, each every PARTS-th vec4 of
// it, and walk a chunk of the window's keys with a running softmax. For files with the bindings of attention_grad_q.wgsl, PARTS, and
// whole(own), the sum over those lanes in each of them.
override LANES: u32 = 32;
override PAD: u32 = 0;   // 1 where windows stick out: what is outside is `pad`

fn query_gradient(group: vec3u, groups: vec3u, lane: u32) {
  let site = site_of(group, groups);
  let chunks = (params.keys + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let place = window_row((group.x / chunks * LANES + lane) / PARTS, site.window, site.query_side, site.query_map);
  // A padding query has no gradient.
  if (place == OUTSIDE) { return; }
  let row = site.query_base + place;

  var query: array<vec4f, OWN4>;
  var outer: array<vec4f, OWN4>;
  var sum: array<vec4f, OWN4>;
  // A key is read once for its score and for what it adds.
  var near: array<vec4f, OWN4>;
  var own_inner = 0.0;
  for (var c = 0u; c < OWN4; c++) {
    let at = channel(lane, c);
    let counts = select(0.0, 1.0, has_channel(lane, c));
    query[c] = q[row * params.q_stride + params.q_start + site.head * HEAD4 + at] * (counts * params.scale);
    outer[c] = dy[(row * site.heads + site.head) * HEAD4 + at] * counts;
    own_inner += dot(outer[c], y[(row * site.heads + site.head) * HEAD4 + at]);
    sum[c] = vec4f();
  }
  let inner = whole(vec2f(own_inner, 0.0)).x;
  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  let k_pad = params.k_start + site.head * HEAD4;
  let v_pad = params.v_start + site.head * HEAD4;
  let end = min((chunk + 1) * params.chunk, params.keys);
  for (var u = chunk * params.chunk; u < end; u++) {
    let key = window_row(u, site.window, site.key_side, site.key_map);
    let inside = key != OUTSIDE;
    let key_row = site.key_base + select(0, key, inside);
    let k_at = key_row * params.k_stride + k_pad;
    let v_at = key_row * params.v_stride + v_pad;
    var own = vec2f();  // score and product
    for (var c = 0u; c < OWN4; c++) {
      let at = channel(lane, c);
      near[c] = k[k_at + at];
      var value = v[v_at + at];
      if (PAD == 1) {
        near[c] = select(pad[k_pad + at], near[c], inside);
        value = select(pad[v_pad + at], value, inside);
      }
      own += vec2f(dot(query[c], near[c]), dot(outer[c], value));
    }
    let both = whole(own);
    let top = max(highest, both.x);
    let shrink = exp(highest - top);
    let weight = exp(both.x - top);
    highest = top;
    weight_sum = fma(weight_sum, shrink, weight);
    let factor = weight * (both.y - inner);
    for (var c = 0u; c < OWN4; c++) { sum[c] = fma(vec4f(factor), near[c], sum[c] * shrink); }
  }
  let to = (chunk * site.batches * site.query_map.x * site.query_map.y + row) * site.heads + site.head;
  for (var c = 0u; c < OWN4; c++) {
    if (has_channel(lane, c)) { dq[to * HEAD4 + channel(lane, c)] = sum[c] * (params.scale / weight_sum); }
  }
  if (lane % PARTS == 0) { statistics[to] = vec2f(highest + log(weight_sum), inner); }
}
