// dk[u, h, :] = scale sum_t P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) q[t, h, :] and dv[u, h, :] = sum_t P[t, u] dy[t, h, :]
// A quad of 4 lanes owns 16 keys of one head, 4 a lane, and walks a chunk of the queries 4 at a time: each lane loads one
// query and hands it to the others. For adapters where loads cost far more than arithmetic.
//
// P = exp(scale q . k - L); L and D come from attention_grad_q_quad.wgsl. Chunks are summed after. Maps, windows and
// padding as in attention.wgsl.
//!late software
//!import window_site
//!import share

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;            // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;           // [batch, query map, heads * HEAD4]
@group(0) @binding(5) var<storage, read> statistics: array<vec2f>;   // [batch, query map, heads]: L and D
@group(0) @binding(6) var<storage, read_write> dk: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dv: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]

const HEAD4: u32 = 8;   // vec4s in a head, at most 24

// Of this lane's 4 keys, 4 channels each: row i of `key` and `value` and column i of the sums belong to key i.
var<private> key: array<mat4x4f, HEAD4>;
var<private> value: array<mat4x4f, HEAD4>;
var<private> key_sum: array<mat4x4f, HEAD4>;
var<private> value_sum: array<mat4x4f, HEAD4>;

fn load_key(c: u32, rows: vec4u, head: u32) {
  if (c >= HEAD4) { return; }
  let k_at = rows * params.k_stride + params.k_start + head * HEAD4 + c;
  key[c] = params.scale * transpose(mat4x4f(k[k_at.x], k[k_at.y], k[k_at.z], k[k_at.w]));
  let v_at = rows * params.v_stride + params.v_start + head * HEAD4 + c;
  value[c] = transpose(mat4x4f(v[v_at.x], v[v_at.y], v[v_at.z], v[v_at.w]));
}

// What channels c add to the scores of 4 queries: column j belongs to the query of lane (own lane xor j), row i to key i.
fn score(c: u32, at: u32) -> mat4x4f {
  if (c >= HEAD4) { return mat4x4f(); }
  return key[c] * share(q[at + c]);
}

// The same of dy . v.
fn product(c: u32, at: u32) -> mat4x4f {
  if (c >= HEAD4) { return mat4x4f(); }
  return value[c] * share(dy[at + c]);
}

// Channels c of the sums: 4 queries by their factors.
fn gather_key(c: u32, at: u32, factor: mat4x4f) {
  if (c >= HEAD4) { return; }
  key_sum[c] += share(q[at + c]) * factor;
}

fn gather_value(c: u32, at: u32, weight: mat4x4f) {
  if (c >= HEAD4) { return; }
  value_sum[c] += share(dy[at + c]) * weight;
}

// Written out eight at a time: arrays that are indexed by constants are read and written as registers are.
fn score8(c: u32, at: u32) -> mat4x4f {
  return score(c, at) + score(c + 1, at) + score(c + 2, at) + score(c + 3, at)
    + score(c + 4, at) + score(c + 5, at) + score(c + 6, at) + score(c + 7, at);
}

fn product8(c: u32, at: u32) -> mat4x4f {
  return product(c, at) + product(c + 1, at) + product(c + 2, at) + product(c + 3, at)
    + product(c + 4, at) + product(c + 5, at) + product(c + 6, at) + product(c + 7, at);
}

fn gather8(c: u32, q_at: u32, dy_at: u32, factor: mat4x4f, weight: mat4x4f) {
  gather_key(c, q_at, factor);
  gather_key(c + 1, q_at, factor);
  gather_key(c + 2, q_at, factor);
  gather_key(c + 3, q_at, factor);
  gather_key(c + 4, q_at, factor);
  gather_key(c + 5, q_at, factor);
  gather_key(c + 6, q_at, factor);
  gather_key(c + 7, q_at, factor);
  gather_value(c, dy_at, weight);
  gather_value(c + 1, dy_at, weight);
  gather_value(c + 2, dy_at, weight);
  gather_value(c + 3, dy_at, weight);
  gather_value(c + 4, dy_at, weight);
  gather_value(c + 5, dy_at, weight);
  gather_value(c + 6, dy_at, weight);
  gather_value(c + 7, dy_at, weight);
}

// Channels c of this lane's keys, of those on the map. `to` is where a key's row of a head lies in the chunk.
fn store(c: u32, inside: vec4<bool>, to: vec4u) {
  if (c >= HEAD4) { return; }
  let at = to * HEAD4 + c;
  let key_part = key_sum[c] * params.scale;
  let value_part = value_sum[c];
  if (inside.x) { dk[at.x] = key_part[0]; dv[at.x] = value_part[0]; }
  if (inside.y) { dk[at.y] = key_part[1]; dv[at.y] = value_part[1]; }
  if (inside.z) { dk[at.z] = key_part[2]; dv[at.z] = value_part[2]; }
  if (inside.w) { dk[at.w] = key_part[3]; dv[at.w] = value_part[3]; }
}

// Short heads, of which a quad walks few queries per value that it loads and stores, are written out here too.
fn load_keys(rows: vec4u, head: u32) {
  if (HEAD4 > 4) {
    for (var c = 0u; c < HEAD4; c++) { load_key(c, rows, head); }
    return;
  }
  load_key(0, rows, head);
  load_key(1, rows, head);
  load_key(2, rows, head);
  load_key(3, rows, head);
}

fn store_all(inside: vec4<bool>, to: vec4u) {
  if (HEAD4 > 4) {
    for (var c = 0u; c < HEAD4; c++) { store(c, inside, to); }
    return;
  }
  store(0, inside, to);
  store(1, inside, to);
  store(2, inside, to);
  store(3, inside, to);
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let site = site_of(group, groups);
  let chunks = (params.queries + params.chunk - 1) / params.chunk;
  let chunk = group.x % chunks;
  let first = group.x / chunks * 16 + lane;
  let places = vec4u(
    window_row(first, site.window, site.key_side, site.key_map),
    window_row(first + 4, site.window, site.key_side, site.key_map),
    window_row(first + 8, site.window, site.key_side, site.key_map),
    window_row(first + 12, site.window, site.key_side, site.key_map),
  );
  // Keys outside of the map compute something that is never stored, so that every lane stays active.
  let inside_keys = places != vec4u(OUTSIDE);
  let rows = site.key_base + select(vec4u(), places, inside_keys);
  load_keys(rows, site.head);

  let end = min((chunk + 1) * params.chunk, params.queries);
  for (var t = chunk * params.chunk; t < end; t += 4) {
    let place = window_row(t + lane, site.window, site.query_side, site.query_map);
    let inside = place != OUTSIDE;
    let row = site.query_base + select(0, place, inside);
    let origin = row * site.heads + site.head;
    let q_at = row * params.q_stride + params.q_start + site.head * HEAD4;
    let dy_at = origin * HEAD4;
    let scores = score8(0, q_at) + score8(8, q_at) + score8(16, q_at);
    let products = product8(0, dy_at) + product8(8, dy_at) + product8(16, dy_at);

    // Queries outside of the map weigh nothing: exp of what is far below 0 is 0.
    let statistic = share(vec4f(select(vec2f(1e30, 0.0), statistics[origin], inside), 0.0, 0.0));
    let parts = mat4x4f(
      exp(scores[0] - statistic[0].x),
      exp(scores[1] - statistic[1].x),
      exp(scores[2] - statistic[2].x),
      exp(scores[3] - statistic[3].x),
    );
    let factor = transpose(mat4x4f(
      parts[0] * (products[0] - statistic[0].y),
      parts[1] * (products[1] - statistic[1].y),
      parts[2] * (products[2] - statistic[2].y),
      parts[3] * (products[3] - statistic[3].y),
    ));
    let weight = transpose(parts);
    gather8(0, q_at, dy_at, factor, weight);
    gather8(8, q_at, dy_at, factor, weight);
    gather8(16, q_at, dy_at, factor, weight);
  }
  let to = (chunk * site.batches * site.key_map.x * site.key_map.y + rows) * site.heads + site.head;
  store_all(inside_keys, to);
}
