// y[i] = x[i]: what the memory can do, reading and writing.
// One invocation copies vec4s a whole grid apart, so that neighbours read neighbours. Counted: 32 bytes a vec4.

struct Params {
  length4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [length4]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // [length4]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let stride = groups.x * LANES;
  for (var i = id.x; i < params.length4; i += stride) { y[i] = x[i]; }
}
