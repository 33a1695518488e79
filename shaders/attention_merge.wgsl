// y[t, h, :] = sum_c 2^(L[c, t, h] - L[t, h]) parts[c, t, h, :], L[t, h] = log2 sum_c 2^L[c, t, h]
// Puts together what attention_tile made of chunks of the keys: SHARE lanes per 4 channels.
//!late hardware
//!import grid
//!import merge_chunks

struct Params {
  chunks: u32,
  rows: u32,   // queries * heads
  head4: u32,  // vec4s in a head
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;      // [chunks, rows, head4], then [chunks, rows], of which x is L
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;    // [rows, head4]

fn logarithm(chunk: u32, row: u32) -> f32 {
  return parts[(params.chunks * params.head4 + chunk) * params.rows + row].x;
}

fn part(chunk: u32, at: u32) -> vec4f {
  return parts[chunk * params.rows * params.head4 + at];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = output_of(flat_group(group, groups), lane);
  let outputs = params.rows * params.head4;
  // Past the end the last output is made again: all lanes meet at barriers.
  let own = min(at, outputs - 1);
  let all = merged_chunks(lane, own / params.head4, own);
  if (lane < LANES / SHARE && at < outputs) { y[at] = all.sum / all.total; }
}
