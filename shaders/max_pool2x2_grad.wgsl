// dx[r, q, start + c] = dy[r / 2, q / 2, c] where x is the first maximum of its 2 x 2 pixels, else 0; plus before[r, q, start + c] if ADD
// One invocation per 4 channels of an input pixel.
//!import grid

struct Params {
  height: u32,
  width: u32,
  cols4: u32,
  start4: u32,
  count4: u32,
  inputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, cols]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // [height / 2, width / 2, count]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;    // [height, width, cols], read if ADD is 1
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;  // [height, width, cols]

override LANES: u32 = 64;
override ADD: u32 = 0;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.inputs4) { return; }
  // Left of the pooled channels this wraps to huge numbers.
  let col = at % params.cols4 - params.start4;
  let pixel = at / params.cols4;
  let row = pixel / params.width;
  let left = pixel % params.width;
  var gradient = vec4f();
  if (ADD == 1) { gradient = before[at]; }
  // An odd last row or column was dropped.
  if (col < params.count4 && row / 2 < params.height / 2 && left / 2 < params.width / 2) {
    let down = params.width * params.cols4;
    let first = at - row % 2 * down - left % 2 * params.cols4;
    var window = array(x[first], x[first + params.cols4], x[first + down], x[first + down + params.cols4]);
    let own = row % 2 * 2 + left % 2;
    let value = x[at];
    var wins = vec4<bool>(true);
    for (var i = 0u; i < 4; i++) {
      // Of equal values the first in scan order has it, as in PyTorch.
      wins = wins & select(value >= window[i], value > window[i], vec4<bool>(i < own));
    }
    let incoming = dy[(row / 2 * (params.width / 2) + left / 2) * params.count4 + col];
    gradient += select(vec4f(), incoming, wins);
  }
  dx[at] = gradient;
}
