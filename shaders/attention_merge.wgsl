// y[t, h, :] = sum_c 2^(L[c, t, h] - L[t, h]) parts[c, t, h, :], L[t, h] = log2 sum_c 2^L[c, t, h]
// One invocation per 4 channels puts together what attention_tile made of chunks of the keys, in their order.
//!late hardware
//!import grid

struct Params {
  chunks: u32,
  rows: u32,   // queries * heads
  head4: u32,  // vec4s in a head
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;      // [chunks, rows, head4], then [chunks, rows], of which x is L
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;    // [rows, head4]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let outputs = params.rows * params.head4;
  if (at >= outputs) { return; }
  let ends = params.chunks * outputs + at / params.head4;
  // Below any sum, and exp2 of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  for (var chunk = 0u; chunk < params.chunks; chunk++) { highest = max(highest, parts[ends + chunk * params.rows].x); }
  var total = 0.0;
  var sum = vec4f();
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let weight = exp2(parts[ends + chunk * params.rows].x - highest);
    total += weight;
    sum = fma(vec4f(weight), parts[chunk * outputs + at], sum);
  }
  y[at] = sum / total;
}
