// A window of attention with relative positions, and what lib/attention_tile and lib/attention_flash ask of it: for files with
// `params` of this kind, the `terms` that relpos_terms makes, and PAD.
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

// Of the query `at`, counted within its window; OUTSIDE where there is none.
fn row_of(place: Place, at: u32) -> u32 {
  let token = place.at + vec2u(at % place.queries.x, at / place.queries.x);
  return select(OUTSIDE, token.y * params.width + token.x, at < place.queries.x * place.queries.y);
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
