// dv[r, q, c] = activation'(v[r, q, c]) * sum_m dy[m, r, q] hyper[m, c] + before, where v = shuffled x + skip: see mask_dot.wgsl
// One invocation per pixel and 4 channels; dv is the gradient by skip, or if SHUFFLED by x, whose layout it then has.
//!import activation_grad
//!import grid
//!import shuffle

struct Params {
  pixels: u32,
  width: u32,
  channels4: u32,
  masks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height / 2, width / 2, 2, 2, channels]
@group(0) @binding(2) var<storage, read> skip: array<vec4f>;      // [height, width, channels], unused if SKIP is 0
@group(0) @binding(3) var<storage, read> hyper: array<vec4f>;     // [masks, channels]
@group(0) @binding(4) var<storage, read> dy: array<f32>;          // [masks, height, width]
@group(0) @binding(5) var<storage, read> before: array<vec4f>;    // as dv: [height, width, channels] or that of x, unused if ADD is 0
@group(0) @binding(6) var<storage, read_write> dv: array<vec4f>;  // [height, width, channels], or that of x

override SKIP: u32 = 0;
override SHUFFLED: u32 = 0;
override ADD: u32 = 0;
override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let pixel = at / params.channels4;
  let c = at % params.channels4;
  if (pixel >= params.pixels) { return; }
  let source = shuffled_pixel(pixel, params.width) * params.channels4 + c;

  var sum = vec4f();
  for (var mask = 0u; mask < params.masks; mask++) {
    sum = fma(vec4f(dy[mask * params.pixels + pixel]), hyper[mask * params.channels4 + c], sum);
  }
  var value = x[source];
  if (SKIP == 1) { value += skip[at]; }
  sum *= activation_grad4(value);
  let place = select(at, source, SHUFFLED == 1);
  if (ADD == 1) { sum += before[place]; }
  dv[place] = sum;
}
