// dq[t, h, :] = sum_chunk exp(parts_L[chunk, t, h] - L[t, h]) parts[chunk, t, h, :], L[t, h] = log sum_chunk exp(parts_L[chunk, t, h])
// SHARE lanes per 4 channels; the first of a head also write L, and D, which is the same in every chunk.
//!import grid
//!import merge_chunks

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

const LOG2E = 1.4426950408889634f;

fn logarithm(chunk: u32, row: u32) -> f32 {
  return part_statistics[chunk * params.rows + row].x * LOG2E;
}

fn part(chunk: u32, at: u32) -> vec4f {
  return parts[chunk * params.outputs4 + at];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = output_of(flat_group(group, groups), lane);
  let head4 = params.outputs4 / params.rows;
  // Past the end the last output is made again: all lanes meet at barriers.
  let own = min(at, params.outputs4 - 1);
  let all = merged_chunks(lane, own / head4, own);
  if (lane >= LANES / SHARE || at >= params.outputs4) { return; }
  dq[at] = all.sum / all.total;
  if (at % head4 == 0) { statistics[at / head4] = vec2f((all.highest + log2(all.total)) / LOG2E, part_statistics[at / head4].y); }
}
