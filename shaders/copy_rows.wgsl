// y[to + i] = x[start + i] for i < count: `count` consecutive values, which are whole rows
// One invocation per value; moved as bits, so that any type and any number of columns will do.
//!import grid

struct Params {
  start: u32,
  to: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;        // [start + count or more]
@group(0) @binding(2) var<storage, read_write> y: array<u32>;  // [to + count or more]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= params.count) { return; }
  y[params.to + i] = x[params.start + i];
}
