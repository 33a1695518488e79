// sums[chunk, k] = sum over the rows r of the chunk of dy[r] * x[r, k]; behind the last k four more: the sum of dy, 0, 0, 0
// One invocation per 4 values of a chunk; the chunks are summed by sum_rows.wgsl.
//!import grid

struct Params {
  rows: u32,
  inner4: u32,
  chunk: u32,     // rows a chunk
  outputs4: u32,  // chunks * (inner4 + 1)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;           // [rows, inner]
@group(0) @binding(2) var<storage, read> dy: array<f32>;            // [rows]
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;  // [chunks, inner + 4]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let k = at % (params.inner4 + 1);
  let chunk = at / (params.inner4 + 1);
  let end = min((chunk + 1) * params.chunk, params.rows);
  var sum = vec4f();
  for (var row = chunk * params.chunk; row < end; row++) {
    var factor = vec4f(1.0, 0.0, 0.0, 0.0);
    if (k < params.inner4) { factor = x[row * params.inner4 + k]; }
    sum += dy[row] * factor;
  }
  sums[at] = sum;
}
