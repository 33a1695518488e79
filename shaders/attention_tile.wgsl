// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :]) v[u, h, :], over the tokens u of t's window
// A workgroup of SLOTS slots, a slot of lanes for each of so many windows of a head, has HIGH ROWS queries of each and walks
// their keys, or a chunk of them, in tiles that pass through its memory: see lib/attention_tile. For GPUs.
//
// Maps, windows and padding as in attention.wgsl, but only what is on the map is walked: a window's padding tokens are all
// alike, so they are one key of n times the weight, whose score is log n higher.
//!late hardware
//!import attention_tile

struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  windows_x: u32,       // windows in a row of the map
  windows: u32,         // windows on the map
  entries: u32,         // windows of all batch entries
  query_width: u32,     // of the query map, its window and the map's height, in tokens
  query_height: u32,
  query_window: u32,    // window width; its height is queries / query_window
  key_width: u32,
  key_height: u32,
  key_window: u32,
  key_rows: u32,        // tokens of a batch entry of k and v
  q_stride: u32,        // strides, starts and paddings count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  k_pad: u32,           // where k and v of a padding token begin
  v_pad: u32,
  chunk: u32,           // tiles of a chunk
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], unused where all windows fit
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [chunks, batch, query map, heads * HEAD4], and if SPLIT is 1 a vec4 for each row and head of each chunk, of which x is log2 of the sum of e to the scores

override SPLIT: u32 = 0;

// Of a window, what is on the map. Sides are [width, height].
struct Place {
  batch: u32,
  query_at: vec2u,
  query_side: vec2u,
  key_at: vec2u,
  key_side: vec2u,
  queries: u32,
  tokens: u32,       // keys on the map
  keys: u32,         // and one for all padding
  pad_term: f32,     // of that key's score
}

fn place_of(entry: u32) -> Place {
  let window = vec2u(entry % params.windows % params.windows_x, entry % params.windows / params.windows_x);
  let query_window = vec2u(params.query_window, params.queries / params.query_window);
  let key_window = vec2u(params.key_window, params.keys / params.key_window);
  let query_at = window * query_window;
  let key_at = window * key_window;
  let query_side = min(query_window, vec2u(params.query_width, params.query_height) - query_at);
  let key_side = min(key_window, vec2u(params.key_width, params.key_height) - key_at);
  let tokens = key_side.x * key_side.y;
  let pads = params.keys - tokens;
  return Place(
    entry / params.windows, query_at, query_side, key_at, key_side,
    query_side.x * query_side.y, tokens, tokens + min(pads, 1), log2(f32(max(pads, 1))),
  );
}

// One division for the four: a token is beside the one before, or begins a row of the window. What is past the end weighs nothing,
// whatever it reads.
fn rows_of(place: Place, keys4: u32) -> vec4u {
  let beside = vec4u(0, 1, 2, 3);
  let width = place.key_side.x;
  let first = min(4 * keys4, place.tokens - 1);
  let at = place.key_at + vec2u(first % width, first / width);
  let row = place.batch * params.key_rows + at.y * params.key_width + at.x;
  let x = first % width + beside;
  let ends = vec4u(x >= vec4u(width)) + vec4u(x >= vec4u(2 * width)) + vec4u(x >= vec4u(3 * width));
  let rows = row + beside + ends * (params.key_width - width);
  return select(vec4u(select(row, OUTSIDE, PAD == 1)), rows, 4 * keys4 + beside < vec4u(place.tokens));
}

fn key_terms(place: Place, keys4: u32) -> vec4f {
  let u = 4 * keys4 + vec4u(0, 1, 2, 3);
  let term = select(vec4f(place.pad_term), vec4f(), u < vec4u(place.tokens));
  return select(vec4f(LOWEST), term, u < vec4u(place.keys));
}

fn pair_terms(place: Place, head: u32, row: u32, keys4: u32) -> vec4f {
  return vec4f();
}

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
    let at = first + i * HIGH + lane.y;
    let token = place.query_at + vec2u(at % place.query_side.x, at / place.query_side.x);
    let row = (place.batch * params.query_height + token.y) * params.query_width + token.x;
    rows[i] = select(OUTSIDE, row, at < place.queries && entry < params.entries);
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
