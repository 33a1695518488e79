// y[i] = masks[chosen, i]
// One invocation per 4 pixels.
//!import grid

struct Params {
  pixels4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> masks: array<vec4f>;    // [masks, pixels]
@group(0) @binding(2) var<storage, read> chosen: array<u32>;     // [1]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [pixels]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = flat_group(group, groups) * LANES + lane;
  if (i >= params.pixels4) { return; }
  y[i] = masks[chosen[0] * params.pixels4 + i];
}
