//!import window_row
// What the kernels of an attention's gradient are told, and where a workgroup stands: its head in y of the grid, its batch entry
// and window in z. For files with `params`.
struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  chunk: u32,           // tokens of the other side that a row walks, a multiple of 4; x of the grid counts blocks of rows * chunks
  windows_x: u32,       // windows in a row of the map
  windows: u32,         // windows on the map; z of the grid counts batch * windows
  query_width: u32,     // of the query map, its window and the map's height, in tokens
  query_height: u32,
  query_window: u32,    // window width; its height is queries / query_window
  key_width: u32,
  key_height: u32,
  key_window: u32,
  q_stride: u32,        // strides and starts count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  scale: f32,
}

struct Site {
  head: u32,
  heads: u32,
  batch: u32,
  batches: u32,
  window: vec2u,      // column and row of the window
  query_side: vec2u,  // sides are [width, height], in tokens
  query_map: vec2u,
  key_side: vec2u,
  key_map: vec2u,
  query_base: u32,    // first rows of the batch entry
  key_base: u32,
}

fn site_of(group: vec3u, groups: vec3u) -> Site {
  let batch = group.z / params.windows;
  let window = group.z % params.windows;
  return Site(
    group.y,
    groups.y,
    batch,
    groups.z / params.windows,
    vec2u(window % params.windows_x, window / params.windows_x),
    vec2u(params.query_window, params.queries / params.query_window),
    vec2u(params.query_width, params.query_height),
    vec2u(params.key_window, params.keys / params.key_window),
    vec2u(params.key_width, params.key_height),
    batch * params.query_width * params.query_height,
    batch * params.key_width * params.key_height,
  );
}
