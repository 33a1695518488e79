// sin(2 pi (t + quarters / 4)): t is reduced exactly, so that large ones lose nothing, and the rest is a polynomial
// good to f32, for the built-in sine of WGSL may be off by 2^-11.
fn sin_turns4(t: vec4f, quarters: i32) -> vec4f {
  let nearest = round(4.0 * t);
  let angle = 6.283185307179586 * (t - 0.25 * nearest);
  let a = angle * angle;
  let sine = angle * fma(a, fma(a, fma(a, fma(a, vec4f(2.7557319e-6), vec4f(-1.9841270e-4)), vec4f(8.3333333e-3)), vec4f(-1.6666667e-1)), vec4f(1.0));
  let cosine = fma(a, fma(a, fma(a, fma(a, vec4f(2.4801587e-5), vec4f(-1.3888889e-3)), vec4f(4.1666667e-2)), vec4f(-0.5)), vec4f(1.0));
  let quadrant = (vec4i(nearest) + quarters) & vec4i(3);
  let value = select(sine, cosine, (quadrant & vec4i(1)) == vec4i(1));
  return select(value, -value, quadrant >= vec4i(2));
}
