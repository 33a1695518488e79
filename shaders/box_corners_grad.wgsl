// dxywh[b] = (dy[b, 0] + dy[b, 1], dy[b, 1]), plus before[b] if ADD
// One invocation per box.
//!import grid

struct Params {
  boxes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;           // [boxes, 2 corners, x y]
@group(0) @binding(2) var<storage, read> before: array<vec4f>;       // [boxes, 4], unused if ADD is 0
@group(0) @binding(3) var<storage, read_write> dxywh: array<vec4f>;  // [boxes, 4]

override LANES: u32 = 64;
override ADD: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let box = flat_group(group, groups) * LANES + lane;
  if (box >= params.boxes) { return; }
  let corners = dy[box];
  var value = vec4f(corners.xy + corners.zw, corners.zw);
  if (ADD == 1) { value += before[box]; }
  dxywh[box] = value;
}
