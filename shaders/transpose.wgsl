// y[b, n, k] = scale[b, n] * w[b, k, n]
// One invocation per 4 x 4 values: four rows of w become four rows of y.
//!import grid
//!import stored

struct Params {
  rows4: u32,
  cols4: u32,
  tiles: u32,  // batch * rows4 * cols4
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // [batch, rows, cols]
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;    // [batch, cols], unused if SCALED is 0
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [batch, cols, rows]

override LANES: u32 = 64;
override SCALED: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = flat_group(group, groups) * LANES + lane;
  if (tile >= params.tiles) { return; }
  let each = params.rows4 * params.cols4;
  let batch = tile / each;
  let row4 = tile % each / params.cols4;
  let col4 = tile % params.cols4;
  let first = batch * each * 4 + row4 * 4 * params.cols4 + col4;
  var values = mat4x4f(
    w[first],
    w[first + params.cols4],
    w[first + 2 * params.cols4],
    w[first + 3 * params.cols4],
  );
  if (SCALED == 1) {
    let factor = scale[batch * params.cols4 + col4];
    for (var i = 0u; i < 4; i++) { values[i] *= factor; }
  }
  let turned = transpose(values);
  let to = batch * each * 4 + col4 * 4 * params.rows4 + row4;
  for (var i = 0u; i < 4; i++) { y[to + i * params.rows4] = turned[i]; }
}
