// dmask = the transposed Jacobian of mask_downscale.wgsl at mask, times dy, + before: its weights are frozen
// One invocation per pixel of y: windows do not overlap, so it alone has the gradient of its 4 x 4 values of the mask.
//!import activation_grad
//!import grid

struct Params {
  pixels: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<vec4f>;         // [4 height, 4 width]
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;      // [83 * 4], in the order of the constants below
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;           // [height, width, 16]
@group(0) @binding(4) var<storage, read> before: array<vec4f>;       // [4 height, 4 width], unused if ADD is 0
@group(0) @binding(5) var<storage, read_write> dmask: array<vec4f>;  // [4 height, 4 width]

override ADD: u32 = 0;
override LANES: u32 = 64;

const CONV1 = 0u;    // [2, 2, 4]
const BIAS1 = 4u;    // [4]
const NORM1 = 5u;    // [4] weights, [4] biases
const CONV2 = 7u;    // [2, 2, 4, 16]
const BIAS2 = 71u;   // [16]
const NORM2 = 75u;   // [16] weights, [16] biases
const EPS = 1e-6;

// What one middle pixel adds to 4 output channels; `at` is the first row of its tap.
fn tap(at: u32, m: vec4f) -> vec4f {
  return fma(vec4f(m.x), weights[at], fma(vec4f(m.y), weights[at + 4], fma(vec4f(m.z), weights[at + 8], m.w * weights[at + 12])));
}

// The gradient by the 4 channels of a middle pixel that comes from 4 output channels.
fn tap_grad(at: u32, slope: vec4f) -> vec4f {
  return vec4f(dot(weights[at], slope), dot(weights[at + 4], slope), dot(weights[at + 8], slope), dot(weights[at + 12], slope));
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
  let rows = mat4x4f(mask[base], mask[base + params.width], mask[base + 2 * params.width], mask[base + 3 * params.width]);
  // The 2 x 2 values of each middle pixel, row by row.
  let windows = array<vec4f, 4>(
    vec4f(rows[0].xy, rows[1].xy),
    vec4f(rows[0].zw, rows[1].zw),
    vec4f(rows[2].xy, rows[3].xy),
    vec4f(rows[2].zw, rows[3].zw),
  );

  // Forward, with what the way back needs: normalised values and scales of both norms.
  var normal1: array<vec4f, 4>;
  var scale1: array<f32, 4>;
  var sums = array<vec4f, 4>(weights[BIAS2], weights[BIAS2 + 1], weights[BIAS2 + 2], weights[BIAS2 + 3]);
  for (var i = 0u; i < 4; i++) {
    let window = windows[i];
    var sum = fma(vec4f(window.x), weights[CONV1], weights[BIAS1]);
    sum = fma(vec4f(window.y), weights[CONV1 + 1], sum);
    sum = fma(vec4f(window.z), weights[CONV1 + 2], sum);
    sum = fma(vec4f(window.w), weights[CONV1 + 3], sum);
    let centred = sum - dot(sum, vec4f(0.25));
    scale1[i] = inverseSqrt(dot(centred, centred) * 0.25 + EPS);
    normal1[i] = centred * scale1[i];
    let middle = activate4(fma(normal1[i], weights[NORM1], weights[NORM1 + 1]));
    for (var part = 0u; part < 4; part++) { sums[part] += tap(CONV2 + 16 * i + part, middle); }
  }
  let mean = dot(sums[0] + sums[1] + sums[2] + sums[3], vec4f(0.0625));
  var squares = vec4f();
  for (var part = 0u; part < 4; part++) {
    sums[part] -= mean;
    squares = fma(sums[part], sums[part], squares);
  }
  let scale2 = inverseSqrt(dot(squares, vec4f(0.0625)) + EPS);

  // Back through the second GELU and norm.
  var slopes: array<vec4f, 4>;
  var plain = vec4f();
  var along = vec4f();
  for (var part = 0u; part < 4; part++) {
    sums[part] *= scale2;
    let factor = weights[NORM2 + part];
    slopes[part] = dy[pixel * 4 + part] * activation_grad4(fma(sums[part], factor, weights[NORM2 + 4 + part])) * factor;
    plain += slopes[part];
    along = fma(slopes[part], sums[part], along);
  }
  let plain_mean = dot(plain, vec4f(0.0625));
  let along_mean = dot(along, vec4f(0.0625));
  for (var part = 0u; part < 4; part++) {
    slopes[part] = scale2 * (slopes[part] - plain_mean - sums[part] * along_mean);
  }

  // Back through the second convolution, the first GELU and norm, and the first convolution.
  var result: array<vec4f, 4>;
  for (var i = 0u; i < 4; i++) {
    var slope = vec4f();
    for (var part = 0u; part < 4; part++) { slope += tap_grad(CONV2 + 16 * i + part, slopes[part]); }
    slope *= activation_grad4(fma(normal1[i], weights[NORM1], weights[NORM1 + 1])) * weights[NORM1];
    slope = scale1[i] * (slope - dot(slope, vec4f(0.25)) - normal1[i] * dot(slope * normal1[i], vec4f(0.25)));
    result[i] = vec4f(dot(slope, weights[CONV1]), dot(slope, weights[CONV1 + 1]), dot(slope, weights[CONV1 + 2]), dot(slope, weights[CONV1 + 3]));
  }
  for (var i = 0u; i < 4; i++) {
    let left = result[i / 2 * 2];
    let right = result[i / 2 * 2 + 1];
    var value = select(vec4f(left.zw, right.zw), vec4f(left.xy, right.xy), i % 2 == 0);
    let at = base + i * params.width;
    if (ADD == 1) { value += before[at]; }
    dmask[at] = value;
  }
}
