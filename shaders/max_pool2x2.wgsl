// y[oy, ox, c] = max over dy, dx in 0..1 of x[2 oy + dy, 2 ox + dx, start + c]
// One invocation per 4 channels of an output pixel.
//!import grid

struct Params {
  width: u32,
  cols4: u32,
  start4: u32,
  count4: u32,
  out_width: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [height, width, cols]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [height / 2, out_width = width / 2, count]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let col = at % params.count4;
  let pixel = at / params.count4;
  let row = 2 * (pixel / params.out_width);
  let left = 2 * (pixel % params.out_width);

  let upper = (row * params.width + left) * params.cols4 + params.start4 + col;
  let lower = upper + params.width * params.cols4;
  y[at] = max(max(x[upper], x[upper + params.cols4]), max(x[lower], x[lower + params.cols4]));
}
