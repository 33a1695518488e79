// dk[u, h, :] = scale sum_t P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) q[t, h, :] and dv[u, h, :] = sum_t P[t, u] dy[t, h, :]
// A quad of lanes owns one key of one head, as attention_grad_kv.wgsl has it of one lane: heads too long for a lane's registers.
//!import shared_row
//!import key_gradient

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;            // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;           // [batch, query map, heads * HEAD4]
@group(0) @binding(5) var<storage, read> statistics: array<vec2f>;   // [batch, query map, heads]: L and D
@group(0) @binding(6) var<storage, read_write> dk: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]
@group(0) @binding(7) var<storage, read_write> dv: array<vec4f>;     // [chunks, batch, key map, heads * HEAD4]

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  key_gradient(group, groups, lane);
}
