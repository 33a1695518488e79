// What a lane loads of x, for lib/product_tile: vec4 `k4` of the inner axis of 4 rows, whose starts it keeps. For files with x and
// Params that have inner4. Past the end the first step is read again: what is staged of it is zeros.
fn load_rows(starts: vec4u, k4: u32) -> mat4x4f {
  let at = starts + select(0, k4, k4 < params.inner4);
  return mat4x4f(x[at.x], x[at.y], x[at.z], x[at.w]);
}
