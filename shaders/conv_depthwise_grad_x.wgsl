// dx[r, q, c] = sum_{ky, kx} dy[(r + p - ky) / s, (q + p - kx) / s, c] * w[ky, kx, c] where s divides both; plus before[r, q, c] if ADD
// One invocation computes 4 channels of an input pixel.
//!import grid

struct Params {
  width: u32,
  channels4: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  out_height: u32,
  out_width: u32,
  inputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;        // [out_height, out_width, channels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [kernel_height, kernel_width, channels]
@group(0) @binding(3) var<storage, read> before: array<vec4f>;    // [height, width, channels], read if ADD is 1
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;  // [height, width, channels]

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
  let c = at % params.channels4;
  let pixel = at / params.channels4;
  let bottom = pixel / params.width + params.padding;
  let right = pixel % params.width + params.padding;
  var sum = vec4f();
  if (ADD == 1) { sum = before[at]; }
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      // Left and above of the map these wrap to huge numbers, which no output has even after the division.
      let row = (bottom - ky) / params.stride;
      let col = (right - kx) / params.stride;
      let hit = (bottom - ky) % params.stride == 0 && (right - kx) % params.stride == 0;
      if (hit && row < params.out_height && col < params.out_width) {
        let tap = w[(ky * params.kernel_width + kx) * params.channels4 + c];
        sum = fma(dy[(row * params.out_width + col) * params.channels4 + c], tap, sum);
      }
    }
  }
  dx[at] = sum;
}
