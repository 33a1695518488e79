// Activations by number, as src/ops/activation.ts names them: 0 none, 1 relu, 2 gelu (exact), 3 sigmoid.
override ACTIVATION: u32 = 0;

// erf(x), Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7, odd by sign.
fn erf4(x: vec4f) -> vec4f {
  let a = abs(x);
  let t = 1.0 / fma(vec4f(0.3275911), a, vec4f(1.0));
  let poly = t * fma(t, fma(t, fma(t, fma(t, vec4f(1.061405429), vec4f(-1.453152027)), vec4f(1.421413741)), vec4f(-0.284496736)), vec4f(0.254829592));
  return sign(x) * (1.0 - poly * exp(-a * a));
}

fn activate4(x: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return max(x, vec4f(0.0)); }
  if (ACTIVATION == 2) { return 0.5 * x * (1.0 + erf4(x * 0.7071067811865476)); }
  // Bounded, so that exp stays finite: past 80 the sigmoid is 0 to f32 anyway.
  if (ACTIVATION == 3) { return 1.0 / (1.0 + exp(-max(x, vec4f(-80.0)))); }
  return x;
}
