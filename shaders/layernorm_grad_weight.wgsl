// dweight[chunk, c] = sum over the rows r of the chunk of dy[r, c] * (x[r, c] - mean[r]) * scale[r]
// One invocation per 4 columns of a chunk, as in sum_rows.wgsl, which adds up the chunks.
//!import grid

struct Params {
  rows: u32,
  cols4: u32,
  chunk: u32,   // rows a chunk
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;              // [rows, cols]
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;          // [rows, 2]: mean, scale
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;             // [rows, cols]
@group(0) @binding(4) var<storage, read_write> dweight: array<vec4f>;  // [chunks, cols]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let col = at % params.cols4;
  let first = at / params.cols4 * params.chunk;
  let end = min(first + params.chunk, params.rows);
  var sum = vec4f();
  for (var row = first; row < end; row++) {
    let place = row * params.cols4 + col;
    sum = fma(dy[place], (x[place] - stats[row].x) * stats[row].y, sum);
  }
  dweight[at] = sum;
}
