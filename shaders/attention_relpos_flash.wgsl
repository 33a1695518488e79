// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :] + terms_h[t, h, u.y] + terms_w[t, h, u.x]) v[u, h, :]
// A workgroup of 8 x HIGH lanes has 4 HIGH queries of a window of a head and walks their keys 64 at a time: see
// lib/attention_flash. For GPUs; keys, windows and terms as in attention_relpos_tile.wgsl.
//!late hardware
//!import relpos_window
//!import attention_flash

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], read only where windows stick out
@group(0) @binding(5) var<storage, read> terms: array<vec4f>;     // [map, heads of this dispatch, window_height / 4 + window_width / 4, both rounded up], in log2
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let first = group.x * QUERIES;
  let place = place_of(group.z, groups.y);
  if (first >= place.queries.x * place.queries.y) { return; }
  let head = params.first_head + group.y;
  let keys = params.window_height * ((params.window_width + 3) / 4 * 4);
  var sums: Partials;
  var softmax: Softmax;
  walk(index, place, head, first, vec2u(0, (keys + KEYS - 1) / KEYS), keys, &softmax, &sums);
  store(index, 0, params.heads, head, softmax, sums);
}
