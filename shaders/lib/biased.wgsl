// What a product's sums go through where a bias is all that follows. For files with scale, bias and y, whose Params have rows and
// cols4.
override SCALED: u32 = 0;

// Four columns of a row; past the end nothing is stored.
fn store(batch: u32, row: u32, col: u32, sum: vec4f) {
  if (row >= params.rows || col >= params.cols4) { return; }
  var value = sum;
  if (SCALED == 1) { value *= scale[col]; }
  y[row * params.cols4 + col] = value + bias[col];
}
