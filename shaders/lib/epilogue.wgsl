//!import activation
// What a product's sums go through on their way to y. For files with scale, bias, residual and y as in matmul.wgsl, whose
// Params have rows, cols4 and residual_rows.
override SCALED: u32 = 0;
override BIAS: u32 = 0;
override RESIDUAL: u32 = 0;

// Four columns of a row; past the end nothing is stored.
fn store(batch: u32, row: u32, col: u32, sum: vec4f) {
  if (row >= params.rows || col >= params.cols4) { return; }
  var value = sum;
  if (SCALED == 1) { value *= scale[batch * params.cols4 + col]; }
  if (BIAS == 1) { value += bias[batch * params.cols4 + col]; }
  value = activate4(value);
  if (RESIDUAL == 1) { value += residual[(row % params.residual_rows) * params.cols4 + col]; }
  y[(batch * params.rows + row) * params.cols4 + col] = value;
}
