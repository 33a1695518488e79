// y[ky, kx, n, c] = scale[n] * w[kernel_height - 1 - ky, kernel_width - 1 - kx, c, n]
// One invocation per tap and 4 x 4 channels.
//!import grid
//!import stored

struct Params {
  taps: u32,       // kernel_height * kernel_width: flipped on both axes, the last tap is the first
  channels4: u32,
  cols4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;         // [kernel_height, kernel_width, channels, cols]
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;     // [cols], unused if SCALED is 0
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;   // [kernel_height, kernel_width, cols, channels]

override LANES: u32 = 64;
override SCALED: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let k = at % params.channels4;
  let n = at / params.channels4 % params.cols4;
  let tap = at / params.channels4 / params.cols4;
  if (tap >= params.taps) { return; }
  let from_base = ((params.taps - 1 - tap) * params.channels4 + k) * 4 * params.cols4 + n;
  var factor = vec4f(1.0);
  if (SCALED == 1) { factor = scale[n]; }
  let rows = mat4x4f(
    factor * w[from_base],
    factor * w[from_base + params.cols4],
    factor * w[from_base + 2 * params.cols4],
    factor * w[from_base + 3 * params.cols4],
  );
  let turned = transpose(rows);
  let to_base = 4 * params.channels4 * (tap * params.cols4 + n) + k;
  y[to_base] = turned[0];
  y[to_base + params.channels4] = turned[1];
  y[to_base + 2 * params.channels4] = turned[2];
  y[to_base + 3 * params.channels4] = turned[3];
}
