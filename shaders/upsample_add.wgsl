// y[r, q, c] = fine[r, q, c] + coarse[r / scale_y, q / scale_x, c], nearest neighbour: the quotients are rounded down
// One invocation per 4 channels of a pixel.
//!import grid

struct Params {
  width: u32,
  coarse_width: u32,
  scale_y: u32,
  scale_x: u32,
  channels4: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fine: array<vec4f>;     // [height, width, channels]
@group(0) @binding(2) var<storage, read> coarse: array<vec4f>;   // [height / scale_y, width / scale_x, channels]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [height, width, channels]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let col = at % params.channels4;
  let pixel = at / params.channels4;
  let coarse_row = pixel / params.width / params.scale_y;
  let coarse_col = pixel % params.width / params.scale_x;
  y[at] = fine[at] + coarse[(coarse_row * params.coarse_width + coarse_col) * params.channels4 + col];
}
