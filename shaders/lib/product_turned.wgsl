//!import product_tile
// For a product over the outer axis of both operands: what is a row of the product is a column of x, so that x lies as a
// tile wants it. For files with dy, [steps, cols], whose Params have cols4.

// The group of 4 rows that a lane loads is the same in two or four steps, so many apart.
const ROW_STEPS = 4 * WIDE / ROWS;

fn own_row4(index: u32) -> u32 {
  return index % (2 * ROWS);
}

// The first of a lane's steps and those after it; the last two if ROW_STEPS is 4.
fn own_steps(index: u32) -> vec4u {
  return index / (2 * ROWS) + ROW_STEPS * vec4u(0, 1, 2, 3);
}

// Zeros where there is nothing.
fn stage_steps(index: u32, four: mat4x4f, there: vec4<bool>) {
  let step = index / (2 * ROWS);
  let row4 = own_row4(index);
  x_part[place_of_step(step)][row4] = narrowed(select(vec4f(), four[0], there.x));
  x_part[place_of_step(step + ROW_STEPS)][row4] = narrowed(select(vec4f(), four[1], there.y));
  if (ROW_STEPS == 4) {
    x_part[place_of_step(step + 2 * ROW_STEPS)][row4] = narrowed(select(vec4f(), four[2], there.z));
    x_part[place_of_step(step + 3 * ROW_STEPS)][row4] = narrowed(select(vec4f(), four[3], there.w));
  }
}

// Past the last step that one is read, where dy is finite: x is zero there.
fn load_dy(index: u32, m: u32, last: u32, base: u32, cols: vec3u) -> Columns {
  let upper = (base + min(m + index / WIDE, last)) * params.cols4;
  let lower = (base + min(m + index / WIDE + 8, last)) * params.cols4;
  var columns: Columns;
  columns[0] = dy[upper + cols.x];
  columns[3] = dy[lower + cols.x];
  if (COLS4 > 1) {
    columns[1] = dy[upper + cols.y];
    columns[4] = dy[lower + cols.y];
  }
  if (COLS4 > 2) {
    columns[2] = dy[upper + cols.z];
    columns[5] = dy[lower + cols.z];
  }
  return columns;
}
