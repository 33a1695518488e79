//!import relpos_site
// The rows of rel_h and rel_w, which comes after all of it in one table, for a query at `query` that sees a key at `key`.
fn rel_rows(query: vec2u, key: vec2u) -> vec2u {
  return vec2u(
    query.y + params.window_height - 1 - key.y,
    2 * params.window_height - 1 + query.x + WINDOW_WIDTH - 1 - key.x,
  );
}
