// dw[chunk, b, k, n] = sum over the rows m of the chunk of x[b, m, k] * dy[b, m, n], plus before[b, k, n] if ADD
// One invocation per 8 x 8 values of dw: an outer product a row, 16 loads of a value for 64 multiply-adds.
//!import grid

struct Params {
  rows: u32,
  inner4: u32,
  cols4: u32,
  chunk: u32,    // rows a chunk
  tiles: u32,    // invocations: chunks * batch * ceil(inner4 / 2) * ceil(cols4 / 2)
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [batch, rows, inner]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // [batch, rows, cols]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;    // [batch, inner, cols], unused if ADD is 0
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;  // [chunks, batch, inner, cols]

override LANES: u32 = 64;
override ADD: u32 = 0;

fn store(at: u32, before_at: u32, own: bool, sum: vec4f) {
  if (!own) { return; }
  var value = sum;
  if (ADD == 1) { value += before[before_at]; }
  dw[at] = value;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = flat_group(group, groups) * LANES + lane;
  if (tile >= params.tiles) { return; }
  let across = (params.cols4 + 1) / 2;
  let down = (params.inner4 + 1) / 2;
  let col = tile % across * 2;
  let row = tile / across % down * 2;
  let batch = tile / (across * down) % params.batch;
  let chunk = tile / (across * down * params.batch);

  // A tile that sticks out reads the last column again; those sums are not stored.
  let col1 = min(col + 1, params.cols4 - 1);
  let row1 = min(row + 1, params.inner4 - 1);
  let end = min((chunk + 1) * params.chunk, params.rows);
  var upper_left = mat4x4f();
  var upper_right = mat4x4f();
  var lower_left = mat4x4f();
  var lower_right = mat4x4f();
  for (var m = chunk * params.chunk; m < end; m++) {
    let x_at = (batch * params.rows + m) * params.inner4;
    let dy_at = (batch * params.rows + m) * params.cols4;
    let x0 = x[x_at + row];
    let x1 = x[x_at + row1];
    let left = dy[dy_at + col];
    let right = dy[dy_at + col1];
    upper_left += mat4x4f(left * x0.x, left * x0.y, left * x0.z, left * x0.w);
    upper_right += mat4x4f(right * x0.x, right * x0.y, right * x0.z, right * x0.w);
    lower_left += mat4x4f(left * x1.x, left * x1.y, left * x1.z, left * x1.w);
    lower_right += mat4x4f(right * x1.x, right * x1.y, right * x1.z, right * x1.w);
  }

  let each = params.inner4 * 4 * params.cols4;
  let has_right = col + 1 < params.cols4;
  let has_lower = row + 1 < params.inner4;
  for (var i = 0u; i < 4; i++) {
    let upper = batch * each + (row * 4 + i) * params.cols4 + col;
    let lower = upper + 4 * params.cols4;
    let to = chunk * params.batch * each;
    store(to + upper, upper, true, upper_left[i]);
    store(to + upper + 1, upper + 1, has_right, upper_right[i]);
    store(to + lower, lower, has_lower, lower_left[i]);
    store(to + lower + 1, lower + 1, has_right && has_lower, lower_right[i]);
  }
}
