// y = gelu(norm2(conv2(gelu(norm1(conv1(mask)))))): two convolutions 2x2 of stride 2, to 4 and to 16 channels
// One invocation per output pixel, which is 4 x 4 values of the mask; nothing in between is written.
//!import activation
//!import grid

struct Params {
  pixels: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<vec4f>;     // [4 height, 4 width]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;  // [83 * 4], in the order of the constants below
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [height, width, 16]

override LANES: u32 = 64;

const CONV1 = 0u;    // [2, 2, 4]
const BIAS1 = 4u;    // [4]
const NORM1 = 5u;    // [4] weights, [4] biases
const CONV2 = 7u;    // [2, 2, 4, 16]
const BIAS2 = 71u;   // [16]
const NORM2 = 75u;   // [16] weights, [16] biases
const EPS = 1e-6;

// The 4 channels of a middle pixel, from its 2 x 2 values of the mask.
fn middle(upper: vec2f, lower: vec2f) -> vec4f {
  var sum = fma(vec4f(upper.x), weights[CONV1], weights[BIAS1]);
  sum = fma(vec4f(upper.y), weights[CONV1 + 1], sum);
  sum = fma(vec4f(lower.x), weights[CONV1 + 2], sum);
  sum = fma(vec4f(lower.y), weights[CONV1 + 3], sum);
  let centred = sum - dot(sum, vec4f(0.25));
  let scale = inverseSqrt(dot(centred, centred) * 0.25 + EPS);
  return activate4(fma(centred * scale, weights[NORM1], weights[NORM1 + 1]));
}

// What one middle pixel adds to 4 output channels; `at` is the first row of its tap.
fn tap(at: u32, m: vec4f) -> vec4f {
  return fma(vec4f(m.x), weights[at], fma(vec4f(m.y), weights[at + 4], fma(vec4f(m.z), weights[at + 8], m.w * weights[at + 12])));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let pixel = flat_group(group, groups) * LANES + lane;
  if (pixel >= params.pixels) { return; }
  let base = pixel / params.width * 4 * params.width + pixel % params.width;
  let row0 = mask[base];
  let row1 = mask[base + params.width];
  let row2 = mask[base + 2 * params.width];
  let row3 = mask[base + 3 * params.width];
  let m0 = middle(row0.xy, row1.xy);
  let m1 = middle(row0.zw, row1.zw);
  let m2 = middle(row2.xy, row3.xy);
  let m3 = middle(row2.zw, row3.zw);

  var sums: array<vec4f, 4>;
  var total = vec4f();
  for (var i = 0u; i < 4; i++) {
    let at = CONV2 + i;
    sums[i] = weights[BIAS2 + i] + tap(at, m0) + tap(at + 16, m1) + tap(at + 32, m2) + tap(at + 48, m3);
    total += sums[i];
  }
  let mean = dot(total, vec4f(0.0625));
  var squares = vec4f();
  for (var i = 0u; i < 4; i++) {
    sums[i] -= mean;
    squares = fma(sums[i], sums[i], squares);
  }
  let scale = inverseSqrt(dot(squares, vec4f(0.0625)) + EPS);
  for (var i = 0u; i < 4; i++) {
    y[pixel * 4 + i] = activate4(fma(sums[i] * scale, weights[NORM2 + i], weights[NORM2 + 4 + i]));
  }
}
