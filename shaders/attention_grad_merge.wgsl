// dq[t, h, :] = sum_chunk exp(parts_L[chunk, t, h] - L[t, h]) parts[chunk, t, h, :], L[t, h] = log sum_chunk exp(parts_L[chunk, t, h])
// One invocation per 4 channels; the first of a head also writes L, and D, which is the same in every chunk.
//!import grid

struct Params {
  chunks: u32,
  rows: u32,      // queries * heads
  outputs4: u32,  // rows * HEAD4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;              // [chunks, rows, HEAD4]
@group(0) @binding(2) var<storage, read> part_statistics: array<vec2f>;    // [chunks, rows]: L and D
@group(0) @binding(3) var<storage, read_write> dq: array<vec4f>;           // [rows, HEAD4]
@group(0) @binding(4) var<storage, read_write> statistics: array<vec2f>;   // [rows]: L and D

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let head4 = params.outputs4 / params.rows;
  let row = at / head4;
  // Any score is above this, and exp of a difference to it is 0 without an infinity.
  var highest = -1e30f;
  var weight_sum = 0.0;
  var sum = vec4f();
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let logarithm = part_statistics[chunk * params.rows + row].x;
    let top = max(highest, logarithm);
    let shrink = exp(highest - top);
    let weight = exp(logarithm - top);
    highest = top;
    weight_sum = fma(weight_sum, shrink, weight);
    sum = fma(vec4f(weight), parts[chunk * params.outputs4 + at], sum * shrink);
  }
  dq[at] = sum / weight_sum;
  if (at % head4 == 0) {
    statistics[row] = vec2f(highest + log(weight_sum), part_statistics[row].y);
  }
}
