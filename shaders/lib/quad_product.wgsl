// What products of quads that share loads have in common: reading w, and what a sum goes through on its way to y. For files
// with w, scale, bias, residual and y as in matmul.wgsl, whose Params have rows, cols4 and residual_rows.
//!import activation
//!import stored
//!import share
override SCALED: u32 = 0;
override BIAS: u32 = 0;
override RESIDUAL: u32 = 0;

// Four steps of k for 4 columns: column i holds w[k + i].
fn load_w(at: u32) -> mat4x4f {
  return mat4x4f(w[at], w[at + params.cols4], w[at + 2 * params.cols4], w[at + 3 * params.cols4]);
}

// A column past the end reads the last one.
fn factor_of(batch: u32, col: u32) -> vec4f {
  if (SCALED == 0) { return vec4f(1.0); }
  return scale[batch * params.cols4 + min(col, params.cols4 - 1)];
}

fn shift_of(batch: u32, col: u32) -> vec4f {
  if (BIAS == 0) { return vec4f(); }
  return bias[batch * params.cols4 + min(col, params.cols4 - 1)];
}

fn store(batch: u32, row: u32, col: u32, sum: vec4f, factor: vec4f, shift: vec4f) {
  if (row >= params.rows || col >= params.cols4) { return; }
  var value = activate4(sum * factor + shift);
  if (RESIDUAL == 1) { value += residual[(row % params.residual_rows) * params.cols4 + col]; }
  y[(batch * params.rows + row) * params.cols4 + col] = value;
}
