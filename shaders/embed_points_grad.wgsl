// dcoords[n] = 4 pi scale / image_size * sum_f gaussian[f] (dy_sin[n, f] cos_f - dy_cos[n, f] sin_f) + before[n]: see embed_points.wgsl
// One invocation per point; the label -1, not a point, has a gradient of 0.
//!import grid
//!import turns

struct Params {
  points: u32,
  frequencies4: u32,
  image_size: f32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coords: array<vec2f>;         // [points, 2]: x, y
@group(0) @binding(2) var<storage, read> labels: array<f32>;           // [points]: -1, 0, 1, 2, 3
@group(0) @binding(3) var<storage, read> gaussian: array<vec4f>;       // [2, frequencies]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;             // [points, 2 frequencies]: by sines, by cosines
@group(0) @binding(5) var<storage, read> before: array<vec2f>;         // [points, 2], unused if ADD is 0
@group(0) @binding(6) var<storage, read_write> dcoords: array<vec2f>;  // [points, 2]

override ADD: u32 = 0;
override LANES: u32 = 16;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let point = flat_group(group, groups) * LANES + lane;
  if (point >= params.points) { return; }

  // As in the forward, to the bit.
  let place = 2.0 * (coords[point] * params.scale + 0.5) / params.image_size - 1.0;
  let base = point * 2 * params.frequencies4;
  var by_x = vec4f();
  var by_y = vec4f();
  for (var col = 0u; col < params.frequencies4; col++) {
    let along_x = gaussian[col];
    let along_y = gaussian[params.frequencies4 + col];
    let turns = place.x * along_x + place.y * along_y;
    let slope = dy[base + col] * sin_turns4(turns, 1) - dy[base + params.frequencies4 + col] * sin_turns4(turns, 0);
    by_x = fma(slope, along_x, by_x);
    by_y = fma(slope, along_y, by_y);
  }
  let known = select(0.0, 1.0, round(labels[point]) >= 0.0);
  let factor = known * 12.566370614359172 * params.scale / params.image_size;
  var value = factor * vec2f(dot(by_x, vec4f(1.0)), dot(by_y, vec4f(1.0)));
  if (ADD == 1) { value += before[point]; }
  dcoords[point] = value;
}
