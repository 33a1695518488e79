// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :] + terms_h[t, h, u.y] + terms_w[t, h, u.x]) v[u, h, :]
// A workgroup of SLOTS slots, a slot of lanes for each of so many windows of a head, has HIGH ROWS queries of each and walks
// their keys in tiles that pass through its memory: see lib/attention_tile. For GPUs.
//
// Maps, windows and padding as in attention_relpos.wgsl; the terms are what relpos_terms.wgsl makes. Keys are walked row by
// row, and a row's length is rounded up to whole vec4s.
//!late hardware
//!import attention_tile

struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,
  window_width: u32,
  windows_x: u32,       // windows in a row of the map
  entries: u32,         // windows
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
@group(0) @binding(5) var<storage, read> terms: array<vec4f>;     // [map, heads of this dispatch, window_height / 4 + window_width / 4, both rounded up], in log2
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

// A window, of which only the queries on the map are walked.
struct Place {
  at: vec2u,
  queries: vec2u,  // [width, height]
  heads: u32,      // of this dispatch
}

fn place_of(entry: u32, heads: u32) -> Place {
  let window = vec2u(params.window_width, params.window_height);
  let at = vec2u(entry % params.windows_x, entry / params.windows_x) * window;
  return Place(at, min(window, vec2u(params.width, params.height) - at), heads);
}

// What is past the end of a row or of the window weighs nothing, whatever it reads.
fn rows_of(place: Place, keys4: u32) -> vec4u {
  let width4 = (params.window_width + 3) / 4;
  let y = place.at.y + keys4 / width4;
  let x = place.at.x + 4 * (keys4 % width4) + vec4u(0, 1, 2, 3);
  if (PAD == 0) { return min(y, params.height - 1) * params.width + min(x, vec4u(params.width - 1)); }
  return select(vec4u(OUTSIDE), y * params.width + x, x < vec4u(select(0, params.width, y < params.height)));
}

fn key_terms(place: Place, keys4: u32) -> vec4f {
  let width4 = (params.window_width + 3) / 4;
  let valid = 4 * (keys4 % width4) + vec4u(0, 1, 2, 3) < vec4u(select(0, params.window_width, keys4 / width4 < params.window_height));
  return select(vec4f(LOWEST), vec4f(), valid);
}

fn pair_terms(place: Place, head: u32, row: u32, keys4: u32) -> vec4f {
  let width4 = (params.window_width + 3) / 4;
  let height4 = (params.window_height + 3) / 4;
  let base = (select(row, 0, row == OUTSIDE) * place.heads + head - params.first_head) * (height4 + width4);
  let key_y = min(keys4 / width4, params.window_height - 1);
  // Of the four rows' terms, one: a vector that is indexed by a variable would go through memory.
  let own = vec4f(vec4u(0, 1, 2, 3) == vec4u(key_y % 4));
  return terms[base + height4 + keys4 % width4] + dot(terms[base + key_y / 4], own);
}

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
    let at = first + i * HIGH + lane.y;
    let token = place.at + vec2u(at % place.queries.x, at / place.queries.x);
    let inside = at < place.queries.x * place.queries.y && entry < params.entries;
    rows[i] = select(OUTSIDE, token.y * params.width + token.x, inside);
  }
  let head = params.first_head + group.y;
  let keys = params.window_height * ((params.window_width + 3) / 4 * 4);
  var sums: Sums;
  var softmax: Softmax;
  walk(lane, place, head, rows, vec2u(0, (keys + TILE - 1) / TILE), keys, &softmax, &sums);
  store(lane, 0, params.heads, head, rows, &softmax, &sums);
}
