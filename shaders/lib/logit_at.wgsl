// The logit of map `map` at row y and column x of the picture: a sum over 3 x 3 (TAPS 2: 2 x 2) low-resolution logits.
// For files with params.low_rows and params.low_cols, `logits` [maps, low_rows, low_cols], and the tables `row_taps`
// [height, 4] and `column_taps` [width, 4]: for each row and column of the picture its first tap and three weights.
override TAPS: u32 = 3;

fn logits_across(row: u32, col: u32, taps: vec4f) -> f32 {
  let base = row * params.low_cols;
  let last = params.low_cols - 1;
  var sum = fma(taps.z, logits[base + min(col + 1, last)], taps.y * logits[base + col]);
  if (TAPS == 3) { sum = fma(taps.w, logits[base + min(col + 2, last)], sum); }
  return sum;
}

fn logit_at(map: u32, y: u32, x: u32) -> f32 {
  let down = row_taps[y];
  let across = column_taps[x];
  let row = u32(down.x);
  let col = u32(across.x);
  let base = map * params.low_rows;
  let last = params.low_rows - 1;
  var sum = down.y * logits_across(base + row, col, across);
  sum = fma(down.z, logits_across(base + min(row + 1, last), col, across), sum);
  if (TAPS == 3) { sum = fma(down.w, logits_across(base + min(row + 2, last), col, across), sum); }
  return sum;
}
