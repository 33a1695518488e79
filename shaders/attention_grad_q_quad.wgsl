// dq[t, h, :] = scale sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) k[u, h, :], P = exp(scale q . k - L), D = dy . y
// A quad of 4 lanes owns 16 queries of one head, 4 a lane, and walks a chunk of the keys 4 at a time with a running
// softmax: each lane loads one key and hands it to the others. For adapters where loads cost far more than arithmetic.
//
// L is the logarithm of the sum of exp(score), here over the chunk's keys: attention_grad_merge.wgsl joins chunks.
// Maps, windows and padding as in attention.wgsl.
//!late software
//!import window_site
//!import share

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [k_stride], read only where windows stick out
@group(0) @binding(5) var<storage, read> y: array<vec4f>;                 // [batch, query map, heads * HEAD4]
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [batch, query map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [chunks, batch, query map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [chunks, batch, query map, heads]: L and D

const HEAD4: u32 = 8;   // vec4s in a head, at most 24
override PAD: u32 = 0;  // 1 where windows stick out of the map

const LOWEST = -1e30f;  // below any score, and exp of a difference to it is 0 without an infinity

// Of this lane's 4 queries, 4 channels each: row i of `query` and `outer` and column i of `sum` belong to query i.
var<private> query: array<mat4x4f, HEAD4>;
var<private> outer: array<mat4x4f, HEAD4>;
var<private> sum: array<mat4x4f, HEAD4>;

// What channels c of dy and y add to D.
fn load_query(c: u32, rows: vec4u, heads: u32, head: u32) -> vec4f {
  if (c >= HEAD4) { return vec4f(); }
  let at = params.q_start + head * HEAD4 + c;
  query[c] = params.scale * transpose(mat4x4f(
    q[rows.x * params.q_stride + at],
    q[rows.y * params.q_stride + at],
    q[rows.z * params.q_stride + at],
    q[rows.w * params.q_stride + at],
  ));
  let origin = (rows * heads + head) * HEAD4 + c;
  let own = mat4x4f(dy[origin.x], dy[origin.y], dy[origin.z], dy[origin.w]);
  outer[c] = transpose(own);
  return vec4f(dot(own[0], y[origin.x]), dot(own[1], y[origin.y]), dot(own[2], y[origin.z]), dot(own[3], y[origin.w]));
}

fn load_key(c: u32, inside: bool, at: u32, pad_at: u32) -> mat4x4f {
  var own = k[at + c];
  if (PAD == 1) { own = select(pad[pad_at + c], own, inside); }
  return share(own);
}

// What channels c add to the scores of 4 keys: column j belongs to the key of lane (own lane xor j), row i to query i.
fn score(c: u32, inside: bool, at: u32, pad_at: u32) -> mat4x4f {
  if (c >= HEAD4) { return mat4x4f(); }
  return query[c] * load_key(c, inside, at, pad_at);
}

// The same of dy . v.
fn product(c: u32, inside: bool, at: u32, pad_at: u32) -> mat4x4f {
  if (c >= HEAD4) { return mat4x4f(); }
  var own = v[at + c];
  if (PAD == 1) { own = select(pad[pad_at + c], own, inside); }
  return outer[c] * share(own);
}

// Channels c of the sums: scaled to the new highest score, plus 4 keys by their factors.
fn gather(c: u32, inside: bool, at: u32, pad_at: u32, shrink: vec4f, factor: mat4x4f) {
  if (c >= HEAD4) { return; }
  let old = sum[c];
  sum[c] = mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w)
    + load_key(c, inside, at, pad_at) * factor;
}

// Written out eight at a time: arrays that are indexed by constants are read and written as registers are.
fn score8(c: u32, inside: bool, at: u32, pad_at: u32) -> mat4x4f {
  return score(c, inside, at, pad_at) + score(c + 1, inside, at, pad_at)
    + score(c + 2, inside, at, pad_at) + score(c + 3, inside, at, pad_at)
    + score(c + 4, inside, at, pad_at) + score(c + 5, inside, at, pad_at)
    + score(c + 6, inside, at, pad_at) + score(c + 7, inside, at, pad_at);
}

fn product8(c: u32, inside: bool, at: u32, pad_at: u32) -> mat4x4f {
  return product(c, inside, at, pad_at) + product(c + 1, inside, at, pad_at)
    + product(c + 2, inside, at, pad_at) + product(c + 3, inside, at, pad_at)
    + product(c + 4, inside, at, pad_at) + product(c + 5, inside, at, pad_at)
    + product(c + 6, inside, at, pad_at) + product(c + 7, inside, at, pad_at);
}

fn gather8(c: u32, inside: bool, at: u32, pad_at: u32, shrink: vec4f, factor: mat4x4f) {
  gather(c, inside, at, pad_at, shrink, factor);
  gather(c + 1, inside, at, pad_at, shrink, factor);
  gather(c + 2, inside, at, pad_at, shrink, factor);
  gather(c + 3, inside, at, pad_at, shrink, factor);
  gather(c + 4, inside, at, pad_at, shrink, factor);
  gather(c + 5, inside, at, pad_at, shrink, factor);
  gather(c + 6, inside, at, pad_at, shrink, factor);
  gather(c + 7, inside, at, pad_at, shrink, factor);
}

// Channels c of this lane's queries, of those on the map. `to` is where a query's row of a head lies in the chunk.
fn store(c: u32, inside: vec4<bool>, to: vec4u, factor: vec4f) {
  if (c >= HEAD4) { return; }
  let at = to * HEAD4 + c;
  let part = sum[c];
  if (inside.x) { dq[at.x] = part[0] * factor.x; }
  if (inside.y) { dq[at.y] = part[1] * factor.y; }
  if (inside.z) { dq[at.z] = part[2] * factor.z; }
  if (inside.w) { dq[at.w] = part[3] * factor.w; }
}

// Short heads, of which a quad walks few keys per value that it loads and stores, are written out here too.
fn load_queries(rows: vec4u, heads: u32, head: u32) -> vec4f {
  if (HEAD4 > 4) {
    var inner = vec4f();
    for (var c = 0u; c < HEAD4; c++) { inner += load_query(c, rows, heads, head); }
    return inner;
  }
  return load_query(0, rows, heads, head) + load_query(1, rows, heads, head)
    + load_query(2, rows, heads, head) + load_query(3, rows, heads, head);
}

fn store_all(inside: vec4<bool>, to: vec4u, factor: vec4f) {
  if (HEAD4 > 4) {
    for (var c = 0u; c < HEAD4; c++) { store(c, inside, to, factor); }
    return;
  }
  store(0, inside, to, factor);
  store(1, inside, to, factor);
  store(2, inside, to, factor);
  store(3, inside, to, factor);
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let site = site_of(group, groups);
  let chunks = (params.keys + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let first = group.x / chunks * 16 + lane;
  let places = vec4u(
    window_row(first, site.window, site.query_side, site.query_map),
    window_row(first + 4, site.window, site.query_side, site.query_map),
    window_row(first + 8, site.window, site.query_side, site.query_map),
    window_row(first + 12, site.window, site.query_side, site.query_map),
  );
  // Queries outside of the map compute something that is never stored, so that every lane stays active.
  let inside_queries = places != vec4u(OUTSIDE);
  let rows = site.query_base + select(vec4u(), places, inside_queries);
  let inner = load_queries(rows, site.heads, site.head);

  var highest = vec4f(LOWEST);
  var weight_sum = vec4f();
  let k_pad = params.k_start + site.head * HEAD4;
  let v_pad = params.v_start + site.head * HEAD4;
  let end = min((chunk + 1) * params.chunk, params.keys);
  for (var u = chunk * params.chunk; u < end; u += 4) {
    let place = window_row(min(u + lane, params.keys - 1), site.window, site.key_side, site.key_map);
    let inside = place != OUTSIDE;
    let key_row = site.key_base + select(0, place, inside);
    let k_at = key_row * params.k_stride + k_pad;
    let v_at = key_row * params.v_stride + v_pad;
    let scores = score8(0, inside, k_at, k_pad) + score8(8, inside, k_at, k_pad) + score8(16, inside, k_at, k_pad);
    let products = product8(0, inside, v_at, v_pad) + product8(8, inside, v_at, v_pad) + product8(16, inside, v_at, v_pad);

    // Keys past the end weigh nothing.
    let counts = ((vec4u(0, 1, 2, 3) ^ vec4u(lane)) + u) < vec4u(params.keys);
    let valid = mat4x4f(
      select(vec4f(LOWEST), scores[0], counts.x),
      select(vec4f(LOWEST), scores[1], counts.y),
      select(vec4f(LOWEST), scores[2], counts.z),
      select(vec4f(LOWEST), scores[3], counts.w),
    );
    let top = max(highest, max(max(valid[0], valid[1]), max(valid[2], valid[3])));
    let shrink = exp(highest - top);
    let parts = mat4x4f(exp(valid[0] - top), exp(valid[1] - top), exp(valid[2] - top), exp(valid[3] - top));
    highest = top;
    weight_sum = weight_sum * shrink + parts[0] + parts[1] + parts[2] + parts[3];
    let factor = transpose(mat4x4f(
      parts[0] * (products[0] - inner),
      parts[1] * (products[1] - inner),
      parts[2] * (products[2] - inner),
      parts[3] * (products[3] - inner),
    ));
    gather8(0, inside, k_at, k_pad, shrink, factor);
    gather8(8, inside, k_at, k_pad, shrink, factor);
    gather8(16, inside, k_at, k_pad, shrink, factor);
  }
  let factor = params.scale / weight_sum;
  let logarithm = highest + log(weight_sum);
  let to = (chunk * site.batches * site.query_map.x * site.query_map.y + rows) * site.heads + site.head;
  store_all(inside_queries, to, factor);
  if (inside_queries.x) { statistics[to.x] = vec2f(logarithm.x, inner.x); }
  if (inside_queries.y) { statistics[to.y] = vec2f(logarithm.y, inner.y); }
  if (inside_queries.z) { statistics[to.z] = vec2f(logarithm.z, inner.z); }
  if (inside_queries.w) { statistics[to.w] = vec2f(logarithm.w, inner.w); }
}
