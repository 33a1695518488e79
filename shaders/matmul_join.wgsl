// y[b, m, n] = activation(scale[b, n] * sum_c parts[b, c, m, n] + bias[b, n]) + residual[m mod residual_rows, n]
// An invocation per 4 columns adds up the chunks that matmul_tile made of a product's inner axis, in their order.
//!late hardware
//!import epilogue
//!import grid

struct Params {
  outputs4: u32,  // batch * rows * cols4
  chunks: u32,
  rows: u32,
  cols4: u32,
  residual_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;     // [batch, chunks, rows, cols]
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;     // [batch, cols], unused if SCALED is 0
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;      // [batch, cols], unused if BIAS is 0
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;  // [residual_rows, cols], unused if RESIDUAL is 0
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [batch, rows, cols]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let each = params.rows * params.cols4;
  let batch = at / each;
  var sum = vec4f();
  for (var chunk = 0u; chunk < params.chunks; chunk++) { sum += parts[(batch * params.chunks + chunk) * each + at % each]; }
  store(batch, at % each / params.cols4, at % params.cols4, sum);
}
