//!import product
// The product of what passes through a workgroup of 8 x 8 lanes: 8 ROWS rows by 64 columns, 16 steps of the inner axis at a
// time. A lane has the rows y, y + 8, ... and the groups of 4 columns x and x + 8.
const ROWS: u32 = 8;  // of a lane; even

// A row is 5 long for 4 values, so that the 4 rows that lanes read at once lie in different banks.
var<workgroup> x_part: array<factors, 40 * ROWS>;  // [8 ROWS rows, 4 steps of 4]
var<workgroup> w_part: array<factors, 256>;        // [16 steps, 16 groups of 4 columns]

// Of a lane: [ROWS, 2].
alias Sums = array<vec4f, 2 * ROWS>;

// Adds the product of both parts.
fn multiply_parts(lane: vec3u, sums: ptr<function, Sums>) {
  for (var step = 0u; step < 4; step++) {
    let at = step * 64 + lane.x;
    let left0 = w_part[at];
    let left1 = w_part[at + 16];
    let left2 = w_part[at + 32];
    let left3 = w_part[at + 48];
    let right0 = w_part[at + 8];
    let right1 = w_part[at + 24];
    let right2 = w_part[at + 40];
    let right3 = w_part[at + 56];
    for (var i = 0u; i < ROWS; i++) {
      let four = x_part[(i * 8 + lane.y) * 5 + step];
      (*sums)[2 * i] = multiply_staged(left0, left1, left2, left3, four, (*sums)[2 * i]);
      (*sums)[2 * i + 1] = multiply_staged(right0, right1, right2, right3, four, (*sums)[2 * i + 1]);
    }
  }
}
