//!import product_step
// The product of what passes through a workgroup of WIDE x 8 lanes: 8 ROWS rows by 4 COLS4 WIDE columns, 16 steps of the
// inner axis at a time. For files whose Params have cols4.
const ROWS: u32 = 8;   // of a lane: 4 or 8
const COLS4: u32 = 2;  // groups of 4 columns of a lane: 1, 2 or 3
const POOLED: u32 = 0; // 1 where of 4 rows the largest is stored, as row / 4

const TILE_ROWS = 8 * ROWS;
const TILE_COLS4 = WIDE * COLS4;

// A step of the inner axis is read as vec4s of rows and of columns. Steps lie in the order of `place_of_step`, and of x they are two
// longer than they need be: so what 8 lanes store at once lies in different banks.
var<workgroup> x_part: array<array<factors, 2 * ROWS + 2>, 16>;  // [16 steps, 2 ROWS groups of 4 rows]
var<workgroup> w_part: array<array<factors, TILE_COLS4>, 16>;    // [16 steps, groups of 4 columns]

// What x is cut off at: 16 of its values with weights up to 1 stay finite then.
fn narrowed(four: vec4f) -> factors {
  return factors(four);
}

fn narrowed_f16(four: vec4f) -> factors {
  return factors(clamp(four, vec4f(-4000.0), vec4f(4000.0)));
}

// Where a tile's sums start: in f32 from those before it, else from nothing.
fn begun(sum: mat4x4f) -> partial {
  return partial(sum);
}

fn begun_f16(sum: mat4x4f) -> partial {
  return partial();
}

// Where they end.
fn ended(part: partial, sum: mat4x4f) -> mat4x4f {
  return mat4x4f(part);
}

fn ended_f16(part: partial, sum: mat4x4f) -> mat4x4f {
  return sum + mat4x4f(part);
}

// Where a step lies: a lane turns 4 in a row, which come to lie 4 apart.
fn place_of_step(step: u32) -> u32 {
  return step / 4 + step % 4 * 4;
}

// The first of 4 rows that a lane loads; those that are left over load the last ones again.
fn own_row(index: u32) -> u32 {
  return min(index / 4, 2 * ROWS - 1) * 4;
}

// The rows that a lane loaded, of its 4 of the 16 steps, are turned on their way: zeros where there is nothing.
fn stage_rows(index: u32, rows: mat4x4f, there: vec4<bool>) {
  let turned = transpose(mat4x4f(
    select(vec4f(), rows[0], there.x),
    select(vec4f(), rows[1], there.y),
    select(vec4f(), rows[2], there.z),
    select(vec4f(), rows[3], there.w),
  ));
  let first = index % 4;
  let row4 = index / 4;
  if (row4 < 2 * ROWS) {
    x_part[first][row4] = narrowed(turned[0]);
    x_part[first + 4][row4] = narrowed(turned[1]);
    x_part[first + 8][row4] = narrowed(turned[2]);
    x_part[first + 12][row4] = narrowed(turned[3]);
  }
}

// The column groups that a lane loads, WIDE apart, of the tile's that start at `col`: of the steps y and y + 8 for the lane's
// number y WIDE + x. Past the last column that one is loaded again.
alias Columns = array<vec4f, 6>;  // 3 of the first step, then of the second: as far as COLS4 goes

fn own_cols(index: u32, col: u32) -> vec3u {
  return min(col + index % WIDE + WIDE * vec3u(0, 1, 2), vec3u(params.cols4 - 1));
}

fn stage_columns(index: u32, columns: Columns) {
  let upper = place_of_step(index / WIDE);
  let lower = place_of_step(index / WIDE + 8);
  let col = index % WIDE;
  w_part[upper][col] = factors(columns[0]);
  w_part[lower][col] = factors(columns[3]);
  if (COLS4 > 1) {
    w_part[upper][col + WIDE] = factors(columns[1]);
    w_part[lower][col + WIDE] = factors(columns[4]);
  }
  if (COLS4 > 2) {
    w_part[upper][col + 2 * WIDE] = factors(columns[2]);
    w_part[lower][col + 2 * WIDE] = factors(columns[5]);
  }
}

fn multiply_step(step: u32, lane: vec2u, part: ptr<function, Partials>) {
  let place = place_of_step(step);
  let left = w_part[place][lane.x];
  let middle = w_part[place][(lane.x + WIDE) % TILE_COLS4];
  let right = w_part[place][(lane.x + 2 * WIDE) % TILE_COLS4];
  add_step(ROWS / 4, COLS4, x_part[place][lane.y], x_part[place][(lane.y + 8) % (2 * ROWS)], left, middle, right, part);
}

fn multiply_steps(step: u32, lane: vec2u, part: ptr<function, Partials>) {
  multiply_step(step, lane, part);
  multiply_step(step + 1, lane, part);
  multiply_step(step + 2, lane, part);
  multiply_step(step + 3, lane, part);
}

// Adds the product of both parts. All steps are written out: of an index that varies with a loop each would be compared
// with the end of its array, once more for every few products.
fn multiply_parts(lane: vec2u, sums: ptr<function, Sums>) {
  var part = Partials(
    begun((*sums)[0]), begun((*sums)[1]), begun((*sums)[2]), begun((*sums)[3]), begun((*sums)[4]), begun((*sums)[5]),
  );
  multiply_steps(0, lane, &part);
  multiply_steps(4, lane, &part);
  multiply_steps(8, lane, &part);
  multiply_steps(12, lane, &part);
  *sums = Sums(
    ended(part[0], (*sums)[0]),
    ended(part[1], (*sums)[1]),
    ended(part[2], (*sums)[2]),
    ended(part[3], (*sums)[3]),
    ended(part[4], (*sums)[4]),
    ended(part[5], (*sums)[5]),
  );
}

fn store_rows(batch: u32, row: u32, col: u32, rows: mat4x4f) {
  if (POOLED == 1) {
    store(batch, row / 4, col, max(max(rows[0], rows[1]), max(rows[2], rows[3])));
    return;
  }
  store(batch, row, col, rows[0]);
  store(batch, row + 1, col, rows[1]);
  store(batch, row + 2, col, rows[2]);
  store(batch, row + 3, col, rows[3]);
}

// Hands every sum of the tile at `row` and `col` to the file's `store(batch, row, col, sum)`.
fn store_sums(batch: u32, row: u32, col: u32, lane: vec2u, sums: Sums) {
  let upper = row + 4 * lane.y;
  let left = col + lane.x;
  store_rows(batch, upper, left, sums[0]);
  if (COLS4 > 1) { store_rows(batch, upper, left + WIDE, sums[1]); }
  if (COLS4 > 2) { store_rows(batch, upper, left + 2 * WIDE, sums[2]); }
  if (ROWS > 4) {
    store_rows(batch, upper + 32, left, sums[3]);
    if (COLS4 > 1) { store_rows(batch, upper + 32, left + WIDE, sums[4]); }
    if (COLS4 > 2) { store_rows(batch, upper + 32, left + 2 * WIDE, sums[5]); }
  }
}
