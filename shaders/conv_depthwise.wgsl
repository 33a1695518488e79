// y[oy, ox, c] = activation(sum_{ky, kx} x[oy s + ky - p, ox s + kx - p, c] * w[ky, kx, c] + bias[c])
// One invocation computes 4 channels of a pixel.
//!import activation
//!import grid

struct Params {
  height: u32,
  width: u32,
  channels4: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  out_width: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // [height, width, channels]
@group(0) @binding(2) var<storage, read> w: array<vec4f>;         // [kernel_height, kernel_width, channels]
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;      // [channels]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;   // [out_height, out_width, channels]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let c = at % params.channels4;
  let pixel = at / params.channels4;
  // Left and above of the map these wrap to huge numbers.
  let top = pixel / params.out_width * params.stride - params.padding;
  let left = pixel % params.out_width * params.stride - params.padding;
  var sum = bias[c];
  for (var ky = 0u; ky < params.kernel_height; ky++) {
    for (var kx = 0u; kx < params.kernel_width; kx++) {
      let row = top + ky;
      let col = left + kx;
      if (row < params.height && col < params.width) {
        let tap = w[(ky * params.kernel_width + kx) * params.channels4 + c];
        sum = fma(x[(row * params.width + col) * params.channels4 + c], tap, sum);
      }
    }
  }
  y[at] = activate4(sum);
}
