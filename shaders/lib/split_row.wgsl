// Rows that SHARE neighbouring lanes have in common: lane i of a row keeps its groups of four columns i, i + SHARE and so
// on, PER of them, up to six, in registers: a member each, for arrays that a loop indexes may leave registers.
// For files that have `Part`, the type of what is summed over a row, x [rows, cols], and cols4, at most PER * SHARE, in `Params`.
const LANES: u32 = 128;
const SHARE: u32 = 16;  // a power of 2, at most LANES
const PER: u32 = 6;

// Of two sums, apart: so nobody waits until the first has been read.
var<workgroup> parts: array<Part, 2 * LANES>;
var<workgroup> eighths: array<Part, 2 * LANES>;

// A lane's group `part` of columns.
fn column(lane: u32, part: u32) -> u32 {
  return lane % SHARE + part * SHARE;
}

// Whether the row has it: only the last may stick out.
fn has_column(lane: u32, part: u32) -> bool {
  return part + 1 < PER || (part < PER && column(lane, part) < params.cols4);
}

// Past the end the last column is read again: what it has counts as 0.
fn loaded(base: u32, lane: u32, part: u32) -> vec4f {
  if (part >= PER) { return vec4f(); }
  return select(vec4f(), x[base + min(column(lane, part), params.cols4 - 1)], has_column(lane, part));
}

// What counts, less the mean.
fn centred(value: vec4f, mean: f32, lane: u32, part: u32) -> vec4f {
  return select(vec4f(), value - mean, has_column(lane, part));
}

struct Kept {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
  e: vec4f,
  f: vec4f,
}

fn loaded_row(base: u32, lane: u32) -> Kept {
  return Kept(
    loaded(base, lane, 0), loaded(base, lane, 1), loaded(base, lane, 2),
    loaded(base, lane, 3), loaded(base, lane, 4), loaded(base, lane, 5),
  );
}

fn centred_row(x: Kept, mean: f32, lane: u32) -> Kept {
  return Kept(
    centred(x.a, mean, lane, 0), centred(x.b, mean, lane, 1), centred(x.c, mean, lane, 2),
    centred(x.d, mean, lane, 3), centred(x.e, mean, lane, 4), centred(x.f, mean, lane, 5),
  );
}

// A lane's part of a sum over the row, and of one of products.
fn own_sum(x: Kept) -> f32 {
  return dot((x.a + x.b) + (x.c + x.d) + (x.e + x.f), vec4f(1.0));
}

fn own_products(x: Kept, y: Kept) -> f32 {
  return dot(fma(x.a, y.a, x.b * y.b) + fma(x.c, y.c, x.d * y.d) + fma(x.e, y.e, x.f * y.f), vec4f(1.0));
}

// The sum over a row's lanes, the same bits in all of them; `turn` is 0, then 1.
// Many lanes add up eighths first, for what each reads by itself passes through one memory.
fn sum_of_row(lane: u32, turn: u32, own: Part) -> Part {
  let start = turn * LANES;
  let first = start + lane - lane % SHARE;
  parts[start + lane] = own;
  workgroupBarrier();
  var sum = Part();
  if (SHARE <= 16) {
    for (var i = 0u; i < SHARE; i++) { sum += parts[first + i]; }
    return sum;
  }
  for (var i = lane % 8; i < SHARE; i += 8) { sum += parts[first + i]; }
  eighths[start + lane] = sum;
  workgroupBarrier();
  sum = Part();
  for (var i = 0u; i < 8; i++) { sum += eighths[first + i]; }
  return sum;
}
