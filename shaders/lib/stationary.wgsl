// A product whose weights stay: a quad of 4 lanes keeps a chunk of w for 16 columns, each lane 4 of them, while rows pass
// one at a time. Where there are more chunks, the sums of a row wait in y for the next. For files that have load_x(row, k),
// the k-th vec4 of a chunk's row of x, and what quad_product wants.
//!import quad_product
override STEPS: u32 = 8;   // of 16 k that a lane keeps at a time, at most 8
override SINGLE: u32 = 0;  // 1 where one chunk is all
override REST: u32 = 1;    // 0 where every chunk fills its steps

// Rows of y, first and one past the last, that pass in group `y` of so many.
fn rows_of(y: u32, groups: u32) -> vec2u {
  let each = (params.rows + groups - 1) / groups;
  return min(vec2u(y, y + 1) * each, vec2u(params.rows));
}

// Column i of kept[4 s + j] is w[16 s + 4 (lane xor j) + i]: what share(x) has in column j multiplies it. Read by literal
// indices alone: SwiftShader reads such an array as it does registers, where a load from storage costs 50 multiply-adds.
var<private> kept: array<mat4x4f, 32>;

// The rows of w from vec4 `at` on, `count4` times 4 of them and zeros behind; `at` is in this lane's columns.
fn keep(lane: u32, at: u32, count4: u32) {
  for (var i = 0u; i < 4 * STEPS; i++) {
    let k = 4 * (i / 4) + (lane ^ (i % 4));
    let counts = select(0.0, 1.0, k < count4);
    let four = at + 4 * min(k, count4 - 1) * params.cols4;
    // A loop, so that a load is compiled once and not 4 times.
    for (var e = 0u; e < 4; e++) { kept[i][e] = counts * w[four + e * params.cols4]; }
  }
}

// Past the end of a row its last vec4 meets zeros. Added one after the other: of four products added up apart, SwiftShader
// keeps fewer in registers.
fn step(s: u32, lane: u32, count4: u32, row: vec2u, sum: vec4f) -> vec4f {
  if (s >= STEPS) { return sum; }
  var k = 4 * s + lane;
  if (REST == 1) { k = min(k, count4 - 1); }
  let four = share(load_x(row, k));
  let i = 4 * s;
  var total = sum;
  total = total + kept[i][0] * four[0].x + kept[i][1] * four[0].y + kept[i][2] * four[0].z + kept[i][3] * four[0].w;
  total = total + kept[i + 1][0] * four[1].x + kept[i + 1][1] * four[1].y + kept[i + 1][2] * four[1].z + kept[i + 1][3] * four[1].w;
  total = total + kept[i + 2][0] * four[2].x + kept[i + 2][1] * four[2].y + kept[i + 2][2] * four[2].z + kept[i + 2][3] * four[2].w;
  total = total + kept[i + 3][0] * four[3].x + kept[i + 3][1] * four[3].y + kept[i + 3][2] * four[3].z + kept[i + 3][3] * four[3].w;
  return total;
}

// The product of what is kept with a row of x.
fn times(lane: u32, count4: u32, row: vec2u) -> vec4f {
  let half = step(3, lane, count4, row, step(2, lane, count4, row, step(1, lane, count4, row, step(0, lane, count4, row, vec4f()))));
  return step(7, lane, count4, row, step(6, lane, count4, row, step(5, lane, count4, row, step(4, lane, count4, row, half))));
}

// The sum of a row of y so far; columns past the end read the last.
fn waiting(batch: u32, row: u32, col: u32, first: bool) -> vec4f {
  if (SINGLE == 1) { return vec4f(); }
  return select(y[(batch * params.rows + row) * params.cols4 + min(col, params.cols4 - 1)], vec4f(), first);
}

fn put(batch: u32, row: u32, col: u32, sum: vec4f, factor: vec4f, shift: vec4f) {
  if (SINGLE == 1) {
    store(batch, row, col, sum, factor, shift);
  } else if (col < params.cols4) {
    y[(batch * params.rows + row) * params.cols4 + col] = sum;
  }
}

// Once all chunks have passed.
fn finish(batch: u32, rows: vec2u, col: u32, factor: vec4f, shift: vec4f) {
  if (SINGLE == 1) { return; }
  for (var row = rows.x; row < rows.y; row++) {
    store(batch, row, col, waiting(batch, row, col, false), factor, shift);
  }
}
