// dx[r, c] = scale[r] * (g[c] - mean(g) - n[c] * mean(g n)) + before[r, c] if ADD, where g = dy[r] * weight, n = (x[r] - mean[r]) * scale[r]
// One invocation per row, no barrier.
//!import grid

struct Params {
  rows: u32,
  cols4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [rows, cols]
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;     // [rows, 2]: mean, scale
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;    // [cols]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;        // [rows, cols]
@group(0) @binding(5) var<storage, read> before: array<vec4f>;    // [rows, cols], if ADD
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;  // [rows, cols]

override LANES: u32 = 16;
override ADD: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_group(group, groups) * LANES + lane;
  if (row >= params.rows) { return; }
  let base = row * params.cols4;
  let mean = stats[row].x;
  let scale = stats[row].y;

  var plain = vec4f();
  var along = vec4f();
  for (var col = 0u; col < params.cols4; col++) {
    let slope = dy[base + col] * weight[col];
    plain += slope;
    along = fma(slope, (x[base + col] - mean) * scale, along);
  }
  let share = 1.0 / f32(params.cols4 * 4);
  let plain_mean = dot(plain, vec4f(share));
  let along_mean = dot(along, vec4f(share));

  for (var col = 0u; col < params.cols4; col++) {
    let slope = dy[base + col] * weight[col];
    let normal = (x[base + col] - mean) * scale;
    var value = scale * (slope - plain_mean - normal * along_mean);
    if (ADD == 1) { value += before[base + col]; }
    dx[base + col] = value;
  }
}
