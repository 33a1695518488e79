//!import product
// ROWS rows in a workgroup's memory, and what its lanes do with them together: normalise them, multiply them by a matrix.
// For files that have `vectors`, an array of vec4f, and weight(matrix, at), the element `at` of one of their matrices.
const CHANNELS4: u32 = 64;  // of a row, in fours; as the tile of multiply_rows a power of 2, at most LANES / ROWS
const ROWS: u32 = 4;        // a power of 2
const LANES: u32 = 256;     // a power of 2

// Neighbouring lanes that have a row in common where one is summed.
const WIDTH = LANES / ROWS;
// Parts that a lane adds up one after the other: each passes through one memory, a barrier costs as much as several.
const FEW = 16u;
// Of the lanes, and where they are many what some of them added up, apart: nobody waits until the first have been read.
const PARTS = select(LANES, 2 * LANES, WIDTH > FEW || ROWS == 4);

var<workgroup> rows: array<vec4f, ROWS * CHANNELS4>;
var<workgroup> lane_parts: array<vec4f, PARTS>;

// What each row's WIDTH lanes hold, summed: the same in all of these.
fn sum_of_row(lane: u32, value: f32) -> f32 {
  let first = lane - lane % WIDTH;
  var sum = 0.0;
  lane_parts[lane].x = value;
  workgroupBarrier();
  if (WIDTH <= FEW) {
    for (var i = 0u; i < WIDTH; i++) { sum += lane_parts[first + i].x; }
    workgroupBarrier();
    return sum;
  }
  for (var i = lane % 8; i < WIDTH; i += 8) { sum += lane_parts[first + i].x; }
  lane_parts[LANES % PARTS + lane].x = sum;
  workgroupBarrier();
  sum = 0.0;
  for (var i = 0u; i < 8; i++) { sum += lane_parts[LANES % PARTS + first + i].x; }
  return sum;
}

// layernorm(rows) * vectors[at ..] + vectors[at + CHANNELS4 ..], in place; with a barrier before and after.
fn normalise_rows(lane: u32, at: u32, eps: f32) {
  workgroupBarrier();
  let base = lane / WIDTH * CHANNELS4;
  let channels = f32(4 * CHANNELS4);
  var sum = vec4f();
  for (var col = lane % WIDTH; col < CHANNELS4; col += WIDTH) { sum += rows[base + col]; }
  let mean = sum_of_row(lane, dot(sum, vec4f(1.0))) / channels;

  var squares = vec4f();
  for (var col = lane % WIDTH; col < CHANNELS4; col += WIDTH) {
    let centred = rows[base + col] - mean;
    squares = fma(centred, centred, squares);
  }
  let scale = inverseSqrt(sum_of_row(lane, dot(squares, vec4f(1.0))) / channels + eps);
  for (var col = lane % WIDTH; col < CHANNELS4; col += WIDTH) {
    rows[base + col] = fma((rows[base + col] - mean) * scale, vectors[at + col], vectors[at + CHANNELS4 + col]);
  }
  workgroupBarrier();
}

// Four rows of a matrix, four columns each, from row 4 k on; zeros past row 4 inner4.
fn four_weights(matrix: u32, at: u32, stride: u32, k: u32, inner4: u32) -> mat4x4f {
  let base = at + 4 * min(k, inner4 - 1) * stride;
  let four = mat4x4f(
    weight(matrix, base), weight(matrix, base + stride), weight(matrix, base + 2 * stride), weight(matrix, base + 3 * stride),
  );
  return four * select(0.0, 1.0, k < inner4);
}

fn add_four(four: mat4x4f, k: u32, inner4: u32, sums: ptr<function, array<vec4f, ROWS>>) {
  for (var r = 0u; r < ROWS; r++) {
    (*sums)[r] = multiply(four[0], four[1], four[2], four[3], rows[r * CHANNELS4 + min(k, inner4 - 1)], (*sums)[r]);
  }
}

// Each quarter of the lanes adds one of four rows up and hands the others over, to lanes with the same column: 2 rows to the
// other half, then one. A lane ends with its part of row lane / WIDTH.
fn part_of_own_row(lane: u32, sums: array<vec4f, ROWS>) -> vec4f {
  if (ROWS < 4) { return sums[0]; }
  let lower = lane < LANES / 2;
  lane_parts[lane] = select(sums[0], sums[2 % ROWS], lower);
  lane_parts[LANES % PARTS + lane] = select(sums[1 % ROWS], sums[3 % ROWS], lower);
  workgroupBarrier();
  let other = (lane + LANES / 2) % LANES;
  let even = select(sums[2 % ROWS], sums[0], lower) + lane_parts[other];
  let odd = select(sums[3 % ROWS], sums[1 % ROWS], lower) + lane_parts[LANES % PARTS + other];
  workgroupBarrier();
  let is_even = lane / WIDTH % 2 == 0;
  lane_parts[lane] = select(even, odd, is_even);
  workgroupBarrier();
  return select(odd, even, is_even) + lane_parts[lane ^ WIDTH];
}

// The first inner4 columns of rows times a matrix: in each lane for row lane / tile, if there is one, and the columns
// lane % tile of those that `at` begins. The inner axis is shared out over the lanes of a column and summed in their memory.
// `tile` is a power of 2, at most WIDTH, ROWS 1 or 4. The caller's barrier comes before and before what comes next; afterwards
// rows may be written.
fn multiply_rows(lane: u32, tile: u32, inner4: u32, matrix: u32, at: u32, stride: u32) -> vec4f {
  var sums: array<vec4f, ROWS>;
  let apart = LANES / tile;
  // The weights of four turns are asked for at once: a lane waits for loads, not for products.
  for (var k = lane / tile; k < inner4; k += 4 * apart) {
    let w0 = four_weights(matrix, at, stride, k, inner4);
    let w1 = four_weights(matrix, at, stride, k + apart, inner4);
    let w2 = four_weights(matrix, at, stride, k + 2 * apart, inner4);
    let w3 = four_weights(matrix, at, stride, k + 3 * apart, inner4);
    add_four(w0, k, inner4, &sums);
    add_four(w1, k + apart, inner4, &sums);
    add_four(w2, k + 2 * apart, inner4, &sums);
    add_four(w3, k + 3 * apart, inner4, &sums);
  }
  lane_parts[LANES % PARTS + lane] = part_of_own_row(lane, sums);
  workgroupBarrier();
  // WIDTH / tile parts of a column are left: some of the lanes have FEW of them each, then one has what they made of these.
  let few = min(FEW, WIDTH / tile);
  if (WIDTH / tile > FEW) {
    let row = lane - lane % WIDTH;
    var sum = vec4f();
    for (var i = lane % WIDTH; i < WIDTH; i += FEW * tile) { sum += lane_parts[LANES % PARTS + row + i]; }
    workgroupBarrier();
    lane_parts[LANES % PARTS + lane] = sum;
    workgroupBarrier();
  }
  var own = vec4f();
  for (var i = 0u; i < few; i++) { own += lane_parts[LANES % PARTS + (lane / tile % ROWS) * WIDTH + i * tile + lane % tile]; }
  return own;
}
