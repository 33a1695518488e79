// y[n] = (left, top, left + width, top + height): the two opposite corners of box n as two rows
// One invocation per box.
//!import grid

struct Params {
  boxes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> xywh: array<vec4f>;     // [boxes, 4]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [boxes * 2, 2]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = flat_group(group, groups) * LANES + lane;
  if (n >= params.boxes) { return; }
  let box = xywh[n];
  y[n] = vec4f(box.xy, box.xy + box.zw);
}
