//!import product_tile
// For a product whose first operand lies with its inner axis outside: 4 steps of 4 of its rows are turned on their way into
// workgroup memory.

// rows4: which 4 of the tile's rows; step: which 4 of the 16 steps; values: a step a column.
fn stage_turned(rows4: u32, step: u32, values: mat4x4f) {
  let turned = transpose(values);
  let at = rows4 * 20 + step;
  x_part[at] = staged(turned[0]);
  x_part[at + 5] = staged(turned[1]);
  x_part[at + 10] = staged(turned[2]);
  x_part[at + 15] = staged(turned[3]);
}
