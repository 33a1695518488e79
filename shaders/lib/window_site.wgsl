//!import window_row
// Where a workgroup of an attention's gradient stands: its head in y of the grid, its batch entry and window in z. For
// files whose `Params` holds the maps and windows of queries and keys.
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
