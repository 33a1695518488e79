// y[m, r, q] = sum_c activation(x[r / 2, q / 2, part (r mod 2, q mod 2), c] + skip[r, q, c]) * hyper[m, c]
// One invocation per pixel and 4 masks; the upscaled map is never written. A part is a run of `channels` columns of x.
//!import activation
//!import grid
//!import shuffle

struct Params {
  pixels: u32,
  width: u32,
  channels4: u32,
  masks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;      // [height / 2, width / 2, 2, 2, channels]
@group(0) @binding(2) var<storage, read> skip: array<vec4f>;   // [height, width, channels], unused if SKIP is 0
@group(0) @binding(3) var<storage, read> hyper: array<vec4f>;  // [masks, channels]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [masks, height, width]

override SKIP: u32 = 0;
override LANES: u32 = 64;

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

  // Masks past the end read the last one again: their sums are never stored.
  let mask = group.z * 4;
  let last = params.masks - 1;
  let hyper0 = mask * params.channels4;
  let hyper1 = min(mask + 1, last) * params.channels4;
  let hyper2 = min(mask + 2, last) * params.channels4;
  let hyper3 = min(mask + 3, last) * params.channels4;

  var sum = vec4f();
  for (var c = 0u; c < params.channels4; c++) {
    var value = x[source + c];
    if (SKIP == 1) { value += skip[base + c]; }
    value = activate4(value);
    sum += vec4f(dot(value, hyper[hyper0 + c]), dot(value, hyper[hyper1 + c]), dot(value, hyper[hyper2 + c]), dot(value, hyper[hyper3 + c]));
  }
  let at = mask * params.pixels + pixel;
  y[at] = sum.x;
  if (mask + 1 < params.masks) { y[at + params.pixels] = sum.y; }
  if (mask + 2 < params.masks) { y[at + 2 * params.pixels] = sum.z; }
  if (mask + 3 < params.masks) { y[at + 3 * params.pixels] = sum.w; }
}
