// y[m, r, q] = bilinear x[m, (r + 1/2) height / out_height - 1/2, (q + 1/2) width / out_width - 1/2], clamped at the edges
// One invocation per output value; positions are fractions of whole numbers, so that they are exact at any size.
//!import grid

struct Params {
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;        // [maps, height, width]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [maps, out_height, out_width]

override LANES: u32 = 64;

// Twice out_length times the place that output `at` samples: (2 at + 1) length - out_length, not below 0.
fn place(at: u32, length: u32, out_length: u32) -> u32 {
  return max((2 * at + 1) * length, out_length) - out_length;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs) { return; }
  let row = at / params.out_width % params.out_height;
  let map = at / params.out_width / params.out_height;
  let place_y = place(row, params.height, params.out_height);
  let place_x = place(at % params.out_width, params.width, params.out_width);

  let top = place_y / (2 * params.out_height);
  let left = place_x / (2 * params.out_width);
  let down = f32(place_y % (2 * params.out_height)) / f32(2 * params.out_height);
  let right = f32(place_x % (2 * params.out_width)) / f32(2 * params.out_width);
  let base0 = (map * params.height + top) * params.width;
  let base1 = (map * params.height + min(top + 1, params.height - 1)) * params.width;
  let next = min(left + 1, params.width - 1);
  let upper = mix(x[base0 + left], x[base0 + next], right);
  let lower = mix(x[base1 + left], x[base1 + next], right);
  y[at] = mix(upper, lower, down);
}
