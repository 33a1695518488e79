// y[r, q, c] = x[r, q, c] + (c < channels / 2 ? y_table[r, c] : x_table[q, c - channels / 2])
// One invocation per 4 channels of a pixel.
//!import grid

struct Params {
  width: u32,
  half4: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [height, width, channels = 8 half4]
@group(0) @binding(2) var<storage, read> y_table: array<vec4f>;  // [height, channels / 2]
@group(0) @binding(3) var<storage, read> x_table: array<vec4f>;  // [width, channels / 2]
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;  // [height, width, channels]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let col = at % (2 * params.half4);
  let pixel = at / (2 * params.half4);
  var position: vec4f;
  if (col < params.half4) {
    position = y_table[pixel / params.width * params.half4 + col];
  } else {
    position = x_table[pixel % params.width * params.half4 + col - params.half4];
  }
  y[at] = x[at] + position;
}
