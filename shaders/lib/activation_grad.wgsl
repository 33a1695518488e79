//!import activation
// The derivative of activate4 at x, by the same numbers; that of relu at 0 is 0, as in PyTorch.
fn activation_grad4(x: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return select(vec4f(0.0), vec4f(1.0), x > vec4f(0.0)); }
  if (ACTIVATION == 2) {
    // Phi(x) + x phi(x). Bounded for the density, so that squares stay finite: past 13 it is below 1e-37.
    let near = clamp(x, vec4f(-13.0), vec4f(13.0));
    return 0.5 * (1.0 + erf4(near * 0.7071067811865476)) + near * 0.3989422804014327 * exp(-0.5 * near * near);
  }
  if (ACTIVATION == 3) {
    let y = 1.0 / (1.0 + exp(-max(x, vec4f(-80.0))));
    return y * (1.0 - y);
  }
  return vec4f(1.0);
}
