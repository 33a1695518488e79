// y[n] = own[n] for n < own_rows, then sparse[n - own_rows] = [sin f, cos f] + embeddings[label + 1], f as in embed_points.wgsl
// One invocation per 4 frequencies of a token.
//!import embedded_point
//!import grid

struct Params {
  own_rows: u32,
  points: u32,
  frequencies4: u32,
  image_size: f32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> own: array<vec4f>;           // [own_rows, 2 frequencies]
@group(0) @binding(2) var<storage, read> coords: array<vec2f>;        // [points, 2]: x, y
@group(0) @binding(3) var<storage, read> labels: array<f32>;          // [points]: -1, 0, 1, 2, 3
@group(0) @binding(4) var<storage, read> gaussian: array<vec4f>;      // [2, frequencies]
@group(0) @binding(5) var<storage, read> embeddings: array<vec4f>;    // [5, 2 frequencies]
@group(0) @binding(6) var<storage, read_write> sparse: array<vec4f>;  // [points, 2 frequencies]
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;       // [own_rows + points, 2 frequencies]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let token = at / params.frequencies4;
  let col = at % params.frequencies4;
  if (token >= params.own_rows + params.points) { return; }
  let base = token * 2 * params.frequencies4 + col;
  if (token < params.own_rows) {
    y[base] = own[base];
    y[base + params.frequencies4] = own[base + params.frequencies4];
    return;
  }

  let embedded = embedded_point(token - params.own_rows, col);
  let own_values = params.own_rows * 2 * params.frequencies4;
  sparse[base - own_values] = embedded.sine;
  sparse[base - own_values + params.frequencies4] = embedded.cosine;
  y[base] = embedded.sine;
  y[base + params.frequencies4] = embedded.cosine;
}
