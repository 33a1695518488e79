// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :]) v[u, h, :], over the tokens u of t's window
// A workgroup of 8 x HIGH lanes has 4 HIGH queries of a window of a head and walks their keys, or a chunk of them, 64 at a time:
// see lib/attention_flash. For GPUs, where windows have dozens of queries and more; attention_tile for the others.
//!late hardware
//!import attention_window
//!import attention_flash

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], unused where all windows fit
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [chunks, batch, query map, heads * HEAD4], and if SPLIT is 1 a vec4 for each row and head of each chunk, of which x is log2 of the sum of e to the scores

override SPLIT: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let head = group.y;
  let blocks = (params.queries + QUERIES - 1) / QUERIES;
  let first = group.x % blocks * QUERIES;
  let chunk = group.x / blocks;
  let place = place_of(group.z);
  if (first >= place.queries) { return; }
  let last = min((chunk + 1) * params.chunk, (place.keys + KEYS - 1) / KEYS);

  var sums: Partials;
  var softmax: Softmax;
  walk(index, place, head, first, vec2u(chunk * params.chunk, last), place.keys, &softmax, &sums);
  let all = params.entries / params.windows * params.query_width * params.query_height;
  store(index, chunk * all, groups.y, head, softmax, sums);
  let lane = lane_at(index);
  if (SPLIT == 1 && lane.x == 0) {
    let ends = groups.x / blocks * all * groups.y * HEAD4 + chunk * all * groups.y + head;
    store_ends(query_rows[lane.y % HIGH], ends, groups.y, softmax);
  }
}

fn store_ends(rows: vec4u, ends: u32, heads: u32, softmax: Softmax) {
  let logarithms = softmax.highest + log2(softmax.total);
  if (rows.x != OUTSIDE) { y[ends + rows.x * heads] = vec4f(logarithms.x); }
  if (rows.y != OUTSIDE) { y[ends + rows.y * heads] = vec4f(logarithms.y); }
  if (rows.z != OUTSIDE) { y[ends + rows.z * heads] = vec4f(logarithms.z); }
  if (rows.w != OUTSIDE) { y[ends + rows.w * heads] = vec4f(logarithms.w); }
}
