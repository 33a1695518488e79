// y[r, c] = (random word c of (seed, salt) < threshold ? 0 : x[r, c] * scale) + before[r, c]
// One invocation per 4 values, whose words come from one hash; the same words again give the gradient.
//!import grid
//!import random

struct Params {
  outputs4: u32,
  channels4: u32,
  salt: u32,
  threshold: u32,  // rate * 2^32
  scale: f32,      // 1 / (1 - rate)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [rows, channels]
@group(0) @binding(2) var<storage, read> seed: array<u32>;       // [1]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;   // [rows, channels], unused if ADD is 0
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [rows, channels]

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
  let words = random_words4(vec4u(at % params.channels4, params.salt, seed[0], 0));
  var value = select(x[at] * params.scale, vec4f(), words < vec4u(params.threshold));
  if (ADD == 1) { value += before[at]; }
  y[at] = value;
}
