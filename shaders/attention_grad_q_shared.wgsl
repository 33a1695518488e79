// dq[t, h, :] = scale sum_u P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) k[u, h, :], P = exp(scale q . k - L), D = dy . y
// A quad of lanes owns one query of one head, as attention_grad_q.wgsl has it of one lane: heads too long for a lane's registers.
//!import shared_row
//!import query_gradient

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;               // [k_stride], read only where windows stick out
@group(0) @binding(5) var<storage, read> y: array<vec4f>;                 // [batch, query map, heads * HEAD4]
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;                // [batch, query map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // [chunks, batch, query map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> statistics: array<vec2f>;  // [chunks, batch, query map, heads]: L and D

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  query_gradient(group, groups, lane);
}
