//!import product
// A step of the product of two tiles in a workgroup's memory, for WIDE lanes across: lane (x, y) has the rows 4 y to 4 y + 3, those
// 32 further down too where it has two groups of rows, and the groups of 4 columns x, x + WIDE and x + 2 WIDE, as far as it has them.
//
// Lanes are dealt in pairs of one x and two y, then of neighbouring x: NVIDIA's workgroup memory serves 16 bytes a lane to half a
// warp at once where every lane wants what the lane 1 or 2 further wants, and to a quarter elsewhere (bench/NOTES.md, section 2).
const WIDE: u32 = 8;  // lanes across: 8 or 16

// In f16 the products of a whole tile are added in f16, before their sum goes on in f32.
alias partial = mat4x4<f32>;

// Of a lane, 4 rows by 4 columns each: the column groups of its first 4 rows, then of the others. They stay in registers
// where every index is a literal; those that a smaller lane has no use for cost nothing.
alias Sums = array<mat4x4f, 6>;
alias Partials = array<partial, 6>;

// The place in the tile of the lane with this number.
fn lane_at(index: u32) -> vec2u {
  return vec2u(index / 2 % WIDE, index % 2 + index / (2 * WIDE) * 2);
}

// 4 rows by 4 columns of one step.
fn outer(x: factors, w: factors, sum: partial) -> partial {
  return partial(
    fma(factors(x.x), w, sum[0]),
    fma(factors(x.y), w, sum[1]),
    fma(factors(x.z), w, sum[2]),
    fma(factors(x.w), w, sum[3]),
  );
}

// Both counts are literals; what is past them is not looked at.
fn add_step(row_groups: u32, groups: u32, upper: factors, lower: factors, left: factors, middle: factors, right: factors, part: ptr<function, Partials>) {
  (*part)[0] = outer(upper, left, (*part)[0]);
  if (row_groups > 1) { (*part)[3] = outer(lower, left, (*part)[3]); }
  if (groups > 1) {
    (*part)[1] = outer(upper, middle, (*part)[1]);
    if (row_groups > 1) { (*part)[4] = outer(lower, middle, (*part)[4]); }
  }
  if (groups > 2) {
    (*part)[2] = outer(upper, right, (*part)[2]);
    if (row_groups > 1) { (*part)[5] = outer(lower, right, (*part)[5]); }
  }
}
