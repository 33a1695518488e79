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

// The first inner4 columns of rows times a matrix: in each lane for row lane / tile, if there is one, and the columns
// lane % tile of those that `at` begins. The inner axis is shared out over the lanes of a column and summed in their memory.
// `tile` is a power of 2, at most LANES / ROWS. The caller's barrier comes before; afterwards rows may be written.
fn multiply_rows(lane: u32, tile: u32, inner4: u32, matrix: u32, at: u32, stride: u32) -> vec4f {
  var sums: array<vec4f, ROWS>;
  for (var k = lane / tile; k < inner4; k += LANES / tile) {
    let base = at + 4 * k * stride;
    let w0 = weight(matrix, base);
    let w1 = weight(matrix, base + stride);
    let w2 = weight(matrix, base + 2 * stride);
    let w3 = weight(matrix, base + 3 * stride);
    for (var r = 0u; r < ROWS; r++) { sums[r] = multiply(w0, w1, w2, w3, rows[r * CHANNELS4 + k], sums[r]); }
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
