// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :]) v[u, h, :], over the tokens u of t's window
// A workgroup of SLOTS slots, a slot of lanes for each of so many windows of a head, has HIGH ROWS queries of each and walks
// their keys, or a chunk of them, in tiles that pass through its memory: see lib/attention_tile. For GPUs.
//
// Maps, windows and padding as in attention.wgsl, but only what is on the map is walked: a window's padding tokens are all
// alike, so they are one key of n times the weight, whose score is log n higher.
//!late hardware
//!import attention_window
//!import attention_tile

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], unused where all windows fit
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [chunks, batch, query map, heads * HEAD4], and if SPLIT is 1 a vec4 for each row and head of each chunk, of which x is log2 of the sum of e to the scores

override SPLIT: u32 = 0;

@compute @workgroup_size(WIDE, HIGH, SLOTS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let lane = Lane(id.x, id.y, id.y * WIDE + id.x, id.z);
  let head = group.y;
  let blocks = (params.queries + QUERIES - 1) / QUERIES;
  let first = group.x % blocks * QUERIES;
  let chunk = group.x / blocks;
  // All lanes must agree on how many tiles there are: slots of windows that are cut short walk to the end too.
  var keys = params.keys;
  if (SLOTS == 1) {
    let alike = place_of(group.z);
    if (first >= alike.queries) { return; }
    keys = alike.keys;
  }
  let entry = group.z * SLOTS + lane.slot;
  let place = place_of(min(entry, params.entries - 1));
  var rows: Rows;
  for (var i = 0u; i < ROWS; i++) {
    rows[i] = select(OUTSIDE, row_of(place, first + i * HIGH + lane.y), entry < params.entries);
  }

  var sums: Sums;
  var softmax: Softmax;
  let last = min((chunk + 1) * params.chunk, (keys + TILE - 1) / TILE);
  walk(lane, place, head, rows, vec2u(chunk * params.chunk, last), keys, &softmax, &sums);
  let all = params.entries / params.windows * params.query_width * params.query_height;
  store(lane, chunk * all, groups.y, head, rows, &softmax, &sums);
  if (SPLIT == 1 && lane.x == 0) {
    let ends = groups.x / blocks * all * groups.y * HEAD4;
    for (var i = 0u; i < ROWS; i++) {
      if (rows[i] != OUTSIDE) { y[ends + (chunk * all + rows[i]) * groups.y + head] = vec4f(softmax.highest[i] + log2(softmax.total[i])); }
    }
  }
}
