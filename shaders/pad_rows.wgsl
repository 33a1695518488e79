// y[i] = dy[i - start] for start <= i < start + count, else 0; plus before[i] if ADD
// One invocation per value: the gradient of a slice.
//!import grid

struct Params {
  start: u32,
  count: u32,
  outputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [count]
@group(0) @binding(2) var<storage, read> before: array<f32>;   // [outputs], unused if ADD is 0
@group(0) @binding(3) var<storage, read_write> y: array<f32>;  // [outputs]

override LANES: u32 = 64;
override ADD: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= params.outputs) { return; }
  var value = 0.0;
  if (ADD == 1) { value = before[i]; }
  // Unsigned: what lies before the slice is far past its end.
  if (i - params.start < params.count) { value += dy[i - params.start]; }
  y[i] = value;
}
