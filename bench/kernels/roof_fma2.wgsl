// y[i] = 16 multiply-adds in a row for each of 2 chains of 4, iterations times over: what the arithmetic units can do.
// One invocation owns 2 chains; each step needs the one before, and no two start alike, so that no compiler can leave one
// out. Counted: 2 flops x 4 x chains x steps x iterations an invocation; the sum at the end is not.

struct Params {
  iterations: u32,
  factor: f32,  // -1, which the compiler cannot know: x becomes even - x, then odd - that
  even: f32,
  odd: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;  // [invocations]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(params.factor);
  let even = vec4f(params.even);
  let odd = vec4f(params.odd);
  let first = vec4f(0, 1, 2, 3) + f32(id.x);
  var sum0 = vec4f(first + 0);
  var sum1 = vec4f(first + 4);
  for (var i = 0u; i < params.iterations; i++) {
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
  }
  y[id.x] = sum0 + sum1;
}
