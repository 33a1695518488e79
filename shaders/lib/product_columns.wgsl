//!import product_tile
//!import stored
// What a lane loads of w, [inner, cols], for each tile of 16 steps. For files with w as in matmul.wgsl, whose Params have
// cols4.

// As they lie in memory: they are decoded on their way into the workgroup's, a tile after they were asked for. Where a
// matrix is stored in fewer bits the assembler writes that here, and in the place of `from_f32`.
alias stored_f32 = vec4f;
alias stored_w = stored_f32;

fn from_f32(four: stored_f32) -> vec4f {
  return four;
}

alias Stored = array<stored_w, 6>;

// Past the end of the inner axis the last step is read, where w is finite: x is zero there.
fn load_columns(index: u32, k: u32, inner: u32, base: u32, cols: vec3u) -> Stored {
  let upper = base + min(k + index / WIDE, inner - 1) * params.cols4;
  let lower = base + min(k + index / WIDE + 8, inner - 1) * params.cols4;
  var stored: Stored;
  stored[0] = w[upper + cols.x];
  stored[3] = w[lower + cols.x];
  if (COLS4 > 1) {
    stored[1] = w[upper + cols.y];
    stored[4] = w[lower + cols.y];
  }
  if (COLS4 > 2) {
    stored[2] = w[upper + cols.z];
    stored[5] = w[lower + cols.z];
  }
  return stored;
}

fn decoded(stored: Stored) -> Columns {
  return Columns(
    from_f32(stored[0]), from_f32(stored[1]), from_f32(stored[2]), from_f32(stored[3]), from_f32(stored[4]), from_f32(stored[5]),
  );
}
