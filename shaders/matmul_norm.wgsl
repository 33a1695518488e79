// y[n] = layernorm(x[n] w * scale + bias + residual[n]) * weight + shift, over the columns of row n
// One workgroup of COLS4 x GROUPS lanes computes 4 GROUPS rows in whole: a lane has four columns of 4 rows.
//!import product
//!import stored

struct Params {
  rows: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [rows, inner]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [inner, cols]
@group(0) @binding(3) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(4) var<storage, read> vectors: array<vec4f>;   // [3 cols]: bias, weight, shift
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;  // [rows, cols]
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [rows, cols]

override SCALED: u32 = 0;
const INNER4: u32 = 32;
const COLS4: u32 = 64;  // a power of 2
const GROUPS: u32 = 4;

var<workgroup> x_rows: array<vec4f, 4 * GROUPS * INNER4>;
var<workgroup> lane_parts: array<vec4f, GROUPS * COLS4>;

// The sums over all columns of what the lanes of a group hold of its 4 rows.
fn sum_of_columns(lane: vec2u, parts: vec4f) -> vec4f {
  let at = lane.y * COLS4 + lane.x;
  lane_parts[at] = parts;
  workgroupBarrier();
  for (var stride = COLS4 / 2; stride > 0; stride /= 2) {
    if (lane.x < stride) { lane_parts[at] += lane_parts[at + stride]; }
    workgroupBarrier();
  }
  let sum = lane_parts[lane.y * COLS4];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(COLS4, GROUPS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let col = lane.x;
  let first = group.x * 4 * GROUPS;
  // Rows past the end are the last one again: they are never stored.
  let last = params.rows - 1;
  for (var i = index; i < 4 * GROUPS * INNER4; i += GROUPS * COLS4) {
    x_rows[i] = x[min(first + i / INNER4, last) * INNER4 + i % INNER4];
  }
  workgroupBarrier();

  var sums: array<vec4f, 4>;
  let own = lane.y * 4;
  for (var k = 0u; k < INNER4; k++) {
    let at = 4 * k * COLS4 + col;
    let w0 = w[at];
    let w1 = w[at + COLS4];
    let w2 = w[at + 2 * COLS4];
    let w3 = w[at + 3 * COLS4];
    for (var r = 0u; r < 4; r++) { sums[r] = multiply(w0, w1, w2, w3, x_rows[(own + r) * INNER4 + k], sums[r]); }
  }
  var parts = vec4f();
  for (var r = 0u; r < 4; r++) {
    if (SCALED == 1) { sums[r] *= scale[col]; }
    sums[r] += vectors[col] + residual[min(first + own + r, last) * COLS4 + col];
    parts[r] = dot(sums[r], vec4f(1.0));
  }
  let means = sum_of_columns(lane.xy, parts) / f32(4 * COLS4);
  for (var r = 0u; r < 4; r++) {
    sums[r] -= means[r];
    parts[r] = dot(sums[r], sums[r]);
  }
  let scales = inverseSqrt(sum_of_columns(lane.xy, parts) / f32(4 * COLS4) + params.eps);
  for (var r = 0u; r < 4; r++) {
    let row = first + own + r;
    if (row <= last) { y[row * COLS4 + col] = fma(sums[r] * scales[r], vectors[COLS4 + col], vectors[2 * COLS4 + col]); }
  }
}
