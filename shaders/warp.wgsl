// y[r, q] = x at (map * (q + 1/2, r + 1/2)), bilinear; 0 outside of the picture's part of the square
// One invocation per pixel.
//!import grid

struct Params {
  side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // [side, side, 4]
@group(0) @binding(2) var<storage, read> view: array<vec4f>;     // [2]: a b c d of the map; its shift, then width and height of the picture
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;  // [side, side, 4]

override LANES: u32 = 64;

fn pixel(row: f32, col: f32) -> vec4f {
  let size = view[1].zw;
  if (row < 0.0 || col < 0.0 || row >= size.y || col >= size.x) { return vec4f(); }
  return x[u32(row) * params.side + u32(col)];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.side * params.side) { return; }
  let q = f32(at % params.side) + 0.5;
  let r = f32(at / params.side) + 0.5;
  let place = vec2f(view[0].x * q + view[0].y * r, view[0].z * q + view[0].w * r) + view[1].xy - 0.5;
  let low = floor(place);
  let share = place - low;
  let upper = mix(pixel(low.y, low.x), pixel(low.y, low.x + 1.0), share.x);
  let lower = mix(pixel(low.y + 1.0, low.x), pixel(low.y + 1.0, low.x + 1.0), share.x);
  // What a view shows of beyond the picture is padding, as beside it.
  y[at] = mix(upper, lower, share.y);
}
