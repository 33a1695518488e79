// y[r / 2, q / 2, part (r mod 2, q mod 2)] = x[r, q] + before: the pixel shuffle of lib/shuffle.wgsl undone
// One invocation per 4 channels of a pixel.
//!import grid
//!import shuffle

struct Params {
  width: u32,
  channels4: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [height, width, channels]
@group(0) @binding(2) var<storage, read> before: array<vec4f>;   // [height / 2, width / 2, 2, 2, channels], unused if ADD is 0
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [height / 2, width / 2, 2, 2, channels]

override ADD: u32 = 0;
override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let pixel = at / params.channels4;
  let to = shuffled_pixel(pixel, params.width) * params.channels4 + at % params.channels4;
  var value = x[at];
  if (ADD == 1) { value += before[to]; }
  y[to] = value;
}
