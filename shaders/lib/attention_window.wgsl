// A window of attention without positions, and what lib/attention_tile and lib/attention_flash ask of it: for files with `params`
// of this kind, and PAD.
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

// Of the query `at`, counted within its window; OUTSIDE where there is none.
fn row_of(place: Place, at: u32) -> u32 {
  let token = place.query_at + vec2u(at % place.query_side.x, at / place.query_side.x);
  let row = (place.batch * params.query_height + token.y) * params.query_width + token.x;
  return select(OUTSIDE, row, at < place.queries);
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
