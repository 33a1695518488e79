// y[i] = x[i]: what the memory can do, reading and writing, without a loop.
// One invocation copies 4 vec4s a workgroup apart, so that neighbours read neighbours. Counted: 32 bytes a vec4.

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * 4 * LANES + lane;
  y[i] = x[i];
  y[i + LANES] = x[i + LANES];
  y[i + 2 * LANES] = x[i + 2 * LANES];
  y[i + 3 * LANES] = x[i + 3 * LANES];
}
