//!import product
// ROWS rows in a workgroup's memory, and what its lanes do with them together: normalise them, multiply them by a matrix.
// For files that have `vectors`, an array of vec4f, and weight(matrix, at), the element `at` of one of their matrices.
const CHANNELS4: u32 = 64;  // of a row, in fours; as the tile of multiply_rows a power of 2, at most LANES / ROWS
const ROWS: u32 = 4;        // a power of 2
const LANES: u32 = 256;     // a power of 2

var<workgroup> rows: array<vec4f, ROWS * CHANNELS4>;
var<workgroup> lane_parts: array<vec4f, LANES>;

// What each row's LANES / ROWS lanes hold, summed: the same in all of these.
fn sum_of_row(lane: u32, value: f32) -> f32 {
  let width = LANES / ROWS;
  lane_parts[lane].x = value;
  workgroupBarrier();
  for (var stride = width / 2; stride > 0; stride /= 2) {
    if (lane % width < stride) { lane_parts[lane].x += lane_parts[lane + stride].x; }
    workgroupBarrier();
  }
  let sum = lane_parts[lane - lane % width].x;
  workgroupBarrier();
  return sum;
}

// layernorm(rows) * vectors[at ..] + vectors[at + CHANNELS4 ..], in place; with a barrier before and after.
fn normalise_rows(lane: u32, at: u32, eps: f32) {
  workgroupBarrier();
  let width = LANES / ROWS;
  let base = lane / width * CHANNELS4;
  let channels = f32(4 * CHANNELS4);
  var sum = vec4f();
  for (var col = lane % width; col < CHANNELS4; col += width) { sum += rows[base + col]; }
  let mean = sum_of_row(lane, dot(sum, vec4f(1.0))) / channels;

  var squares = vec4f();
  for (var col = lane % width; col < CHANNELS4; col += width) {
    let centred = rows[base + col] - mean;
    squares = fma(centred, centred, squares);
  }
  let scale = inverseSqrt(sum_of_row(lane, dot(squares, vec4f(1.0))) / channels + eps);
  for (var col = lane % width; col < CHANNELS4; col += width) {
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

// The first inner4 columns of rows times a matrix: in each lane for row lane / tile, if there is one, and the columns
// lane % tile of those that `at` begins. The inner axis is shared out over the lanes of a column and summed in their memory.
// `tile` is a power of 2, at most LANES / ROWS. The caller's barrier comes before; afterwards rows may be written.
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
  var own = vec4f();
  for (var r = 0u; r < ROWS; r++) {
    lane_parts[lane] = sums[r];
    workgroupBarrier();
    for (var stride = LANES / 2; stride >= tile; stride /= 2) {
      if (lane < stride) { lane_parts[lane] += lane_parts[lane + stride]; }
      workgroupBarrier();
    }
    if (lane / tile == r) { own = lane_parts[lane % tile]; }
    workgroupBarrier();
  }
  return own;
}
