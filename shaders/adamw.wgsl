// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w = w - rate decay w - rate (m / c1) / (sqrt(v) / c2 + eps)
// One invocation per 4 weights, which also sets their gradient back to 0. Where the gradients' norm or a loss is not
// finite nothing moves: the state of the step before stays whole. Weights from `part` to `part_end` have a schedule of
// their own, for they may rest in some steps and have fewer of them.
//!import grid

struct Params {
  count4: u32,
  beta1: f32,
  beta2: f32,
  rest1: f32,  // 1 - beta1, rounded once: f32 loses half of its digits in 1 - 0.999
  rest2: f32,
  eps: f32,
  decay: f32,
  part: u32,      // in fours, as count4
  part_end: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> schedule: array<vec4f>;   // [2], the second of the part: rate, c1 = 1 - beta1^t, c2 = sqrt(1 - beta2^t), clip; c1 = 0 where nothing moves
@group(0) @binding(2) var<storage, read> squares: array<vec4u>;    // [1]: bits of four f32, the squared norm in four parts
@group(0) @binding(3) var<storage, read> losses: array<vec4u>;     // [2]: bits of eight f32
@group(0) @binding(4) var<storage, read_write> weights: array<vec4f>;  // [4 count4]
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4f>;  // [4 count4]
@group(0) @binding(6) var<storage, read_write> first: array<vec4f>;   // [4 count4]: m
@group(0) @binding(7) var<storage, read_write> second: array<vec4f>;  // [4 count4]: v

override LANES: u32 = 64;
// The exponent of an infinity or NaN. Compared as bits, for WGSL need not tell them from other floats.
const EXPONENT: u32 = 255u << 23u;

fn is_finite(bits: vec4u) -> bool {
  return !any((bits & vec4u(EXPONENT)) == vec4u(EXPONENT));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.count4) { return; }
  let bits = squares[0];
  let own = schedule[select(0u, 1u, at >= params.part && at < params.part_end)];
  if (own.y == 0.0 || !(is_finite(bits) && is_finite(losses[0]) && is_finite(losses[1]))) {
    gradients[at] = vec4f();
    return;
  }
  let rate = own.x;
  let clip = own.w;
  // As PyTorch's clip_grad_norm_, which divides at any length: without a clip that overflows, and WGSL may assume that
  // nothing does.
  let divisor = sqrt(dot(bitcast<vec4f>(bits), vec4f(1.0))) + 1e-6;
  var gradient = gradients[at];
  if (divisor > clip) { gradient *= clip / divisor; }
  let m = params.beta1 * first[at] + params.rest1 * gradient;
  let v = params.beta2 * second[at] + params.rest2 * gradient * gradient;
  let decayed = weights[at] - rate * params.decay * weights[at];
  weights[at] = decayed - rate * (m / own.y) / (sqrt(v) / own.z + params.eps);
  first[at] = m;
  second[at] = v;
  gradients[at] = vec4f();
}
