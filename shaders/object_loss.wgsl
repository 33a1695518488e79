// loss = BCE(clip(score, -10, 10), label), and dscore = weight * its gradient
// One invocation: a score is one number.
//!import focal

struct Params {
  class_index: u32,  // whose row of `supervision` counts
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> score: array<f32>;          // [1]: a logit
@group(0) @binding(2) var<storage, read> supervision: array<vec4f>;  // [classes]: z is the smoothed label, w the weight
@group(0) @binding(3) var<storage, read_write> loss: array<vec4f>;   // [1]: the loss, 0, 0, 0
@group(0) @binding(4) var<storage, read_write> dscore: array<f32>;   // [1]

const LIMIT: f32 = 10.0;

@compute @workgroup_size(1)
fn main() {
  let x = clamp(score[0], -LIMIT, LIMIT);
  let label = supervision[params.class_index].z;
  loss[0] = vec4f(softplus(x) - x * label, 0.0, 0.0, 0.0);
  let weight = supervision[params.class_index].w;
  dscore[0] = select(0.0, weight * (sigmoid(x) - label), abs(score[0]) <= LIMIT);
}
