// y[chunk, c] = sum over the rows r of the chunk of x[r, c], plus before[c] if ADD
// One invocation per 4 columns of a chunk; chunks bound the loop, and their sums are summed again: no order is random.
//!import grid

struct Params {
  rows: u32,
  cols4: u32,
  chunk: u32,   // rows of x a chunk
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [rows, cols]
@group(0) @binding(2) var<storage, read> before: array<vec4f>;   // [cols], if ADD
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [chunks, cols]

override LANES: u32 = 64;
override ADD: u32 = 0;

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
  if (ADD == 1) { sum = before[col]; }
  for (var row = first; row < end; row++) { sum += x[row * params.cols4 + col]; }
  y[at] = sum;
}
