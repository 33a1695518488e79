// v[r, q] = x[r / 2, q / 2, part (r mod 2, q mod 2)] + skip[r, q], dn = dy * activation'(layernorm(v) * weight + bias)
// One invocation per pixel; what is left is the gradient of a layernorm of v, whose output's gradient is dn.
//!import activation_grad
//!import grid
//!import shuffle

struct Params {
  pixels: u32,
  width: u32,
  channels4: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height / 2, width / 2, 2, 2, channels]
@group(0) @binding(2) var<storage, read> skip: array<vec4f>;      // [height, width, channels], unused if SKIP is 0
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;    // [channels]
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;      // [channels]
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;        // [height, width, channels]
@group(0) @binding(6) var<storage, read_write> v: array<vec4f>;   // [height, width, channels]
@group(0) @binding(7) var<storage, read_write> dn: array<vec4f>;  // [height, width, channels]

override SKIP: u32 = 0;
override LANES: u32 = 64;

fn load(source: u32, base: u32, col: u32) -> vec4f {
  var value = x[source + col];
  if (SKIP == 1) { value += skip[base + col]; }
  return value;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let pixel = flat_group(group, groups) * LANES + lane;
  if (pixel >= params.pixels) { return; }
  let base = pixel * params.channels4;
  let source = shuffled_pixel(pixel, params.width) * params.channels4;
  let channels = f32(params.channels4 * 4);

  var sum = vec4f();
  for (var col = 0u; col < params.channels4; col++) { sum += load(source, base, col); }
  let mean = dot(sum, vec4f(1.0)) / channels;

  var squares = vec4f();
  for (var col = 0u; col < params.channels4; col++) {
    let centred = load(source, base, col) - mean;
    squares = fma(centred, centred, squares);
  }
  let scale = inverseSqrt(dot(squares, vec4f(1.0)) / channels + params.eps);
  for (var col = 0u; col < params.channels4; col++) {
    let value = load(source, base, col);
    v[base + col] = value;
    dn[base + col] = dy[base + col] * activation_grad4(fma((value - mean) * scale, weight[col], bias[col]));
  }
}
