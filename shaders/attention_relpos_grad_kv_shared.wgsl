// dk[u, h, :] = scale sum_t P[t, u] (dy[t, h, :] . v[u, h, :] - D[t, h]) q[t, h, :] and dv[u, h, :] = sum_t P[t, u] dy[t, h, :]
// A quad of lanes owns one key of one head, as attention_relpos_grad_kv.wgsl has it of one lane: heads too long for a lane's registers.
//!import shared_row
//!import relpos_key_gradient

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;            // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;            // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;            // [map, v_stride]
@group(0) @binding(4) var<storage, read> rel: array<vec4f>;          // [2 H - 1 + 2 W - 1, HEAD4]: rel_h, then rel_w
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;           // [map, heads * HEAD4]
@group(0) @binding(6) var<storage, read> statistics: array<vec2f>;   // [map, heads]: L and D
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;     // [map, heads * HEAD4]
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;     // [map, heads * HEAD4]

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  key_gradient(id);
}
