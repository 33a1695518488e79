// y[n] = [sin f, cos f] + embeddings[labels[n] + 1], where f = 2 pi place gaussian, place = 2 (coords[n] scale + 1/2) / image_size - 1
// One invocation per 4 frequencies of a point; the label -1, not a point, has its embedding alone.
//!import grid
//!import turns

struct Params {
  points: u32,
  frequencies4: u32,
  image_size: f32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coords: array<vec2f>;      // [points, 2]: x, y
@group(0) @binding(2) var<storage, read> labels: array<f32>;        // [points]: -1, 0, 1, 2, 3
@group(0) @binding(3) var<storage, read> gaussian: array<vec4f>;    // [2, frequencies]
@group(0) @binding(4) var<storage, read> embeddings: array<vec4f>;  // [5, 2 frequencies]
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;     // [points, 2 frequencies]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let point = at / params.frequencies4;
  let col = at % params.frequencies4;
  if (point >= params.points) { return; }

  let place = 2.0 * (coords[point] * params.scale + 0.5) / params.image_size - 1.0;
  let turns = place.x * gaussian[col] + place.y * gaussian[params.frequencies4 + col];
  let label = clamp(i32(round(labels[point])), -1, 3);
  let known = select(0.0, 1.0, label >= 0);
  let base = point * 2 * params.frequencies4 + col;
  let embedding = u32(label + 1) * 2 * params.frequencies4 + col;
  y[base] = known * sin_turns4(turns, 0) + embeddings[embedding];
  y[base + params.frequencies4] = known * sin_turns4(turns, 1) + embeddings[embedding + params.frequencies4];
}
