// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :] + terms_h[t, h, u.y] + terms_w[t, h, u.x]) v[u, h, :]
// A workgroup of SLOTS slots, a slot of lanes for each of so many windows of a head, has HIGH ROWS queries of each and walks
// their keys in tiles that pass through its memory: see lib/attention_tile. For GPUs.
//
// Maps, windows and padding as in attention_relpos.wgsl; the terms are what relpos_terms.wgsl makes. Keys are walked row by
// row, and a row's length is rounded up to whole vec4s.
//!late hardware
//!import relpos_window
//!import attention_tile

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> terms: array<vec4f>;     // [map, heads of this dispatch, window_height / 4 + window_width / 4, both rounded up], in log2
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

@compute @workgroup_size(WIDE, HIGH, SLOTS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let lane = Lane(id.x, id.y, id.y * WIDE + id.x, id.z);
  let first = group.x * QUERIES;
  if (SLOTS == 1) {
    let side = place_of(group.z, groups.y).queries;
    if (first >= side.x * side.y) { return; }
  }
  let entry = group.z * SLOTS + lane.slot;
  let place = place_of(min(entry, params.entries - 1), groups.y);
  var rows: Rows;
  for (var i = 0u; i < ROWS; i++) {
    rows[i] = select(OUTSIDE, row_of(place, first + i * HIGH + lane.y), entry < params.entries);
  }
  let head = params.first_head + group.y;
  let keys = params.window_height * ((params.window_width + 3) / 4 * 4);
  var sums: Sums;
  var softmax: Softmax;
  walk(lane, place, head, rows, vec2u(0, (keys + TILE - 1) / TILE), keys, &softmax, &sums);
  store(lane, 0, params.heads, head, rows, &softmax, &sums);
}
