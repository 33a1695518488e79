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

alias Columns = array<stored_w, 4>;  // the last two if COLS4 is 2

// Past the end of the inner axis the last step is read, where w is finite: x is zero there.
fn load_columns(index: u32, k: u32, inner: u32, start: u32) -> Columns {
  let step = k + index / TILE_COLS4;
  let last = inner - 1;
  var four: Columns;
  four[0] = w[start + min(step, last) * params.cols4];
  four[1] = w[start + min(step + COLUMN_STEPS, last) * params.cols4];
  if (COLS4 > 1) {
    four[2] = w[start + min(step + 2 * COLUMN_STEPS, last) * params.cols4];
    four[3] = w[start + min(step + 3 * COLUMN_STEPS, last) * params.cols4];
  }
  return four;
}

fn decoded(four: Columns) -> mat4x4f {
  return mat4x4f(from_f32(four[0]), from_f32(four[1]), from_f32(four[2]), from_f32(four[3]));
}
