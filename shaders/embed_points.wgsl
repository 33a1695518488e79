// y[n] = [sin f, cos f] + embeddings[labels[n] + 1], where f = 2 pi place gaussian, place = 2 (coords[n] scale + 1/2) / image_size - 1
// One invocation per 4 frequencies of a point; the label -1, not a point, has its embedding alone.
//!import embedded_point
//!import grid

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

  let base = point * 2 * params.frequencies4 + col;
  let embedded = embedded_point(point, col);
  y[base] = embedded.sine;
  y[base + params.frequencies4] = embedded.cosine;
}
