// y[i] = 16 multiply-adds in a row for each of 2 chains of 4, iterations times over: what the arithmetic units can do.
// One invocation owns 2 chains; each step needs the one before, so that no compiler can leave one out.

struct Params {
  iterations: u32,
  factor: f32,
  shift: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;  // [invocations]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(params.factor);
  let shift = vec4f(params.shift);
  var sum0 = vec4f(f32(id.x + 0));
  var sum1 = vec4f(f32(id.x + 1));
  for (var i = 0u; i < params.iterations; i++) {
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
  }
  y[id.x] = sum0 + sum1;
}
