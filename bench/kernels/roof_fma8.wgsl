// y[i] = 8 multiply-adds in a row for each of 8 chains of 4, iterations times over: what the arithmetic units can do.
// One invocation owns 8 chains; each step needs the one before, and no two start alike, so that no compiler can leave one
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
  var sum2 = vec4f(first + 8);
  var sum3 = vec4f(first + 12);
  var sum4 = vec4f(first + 16);
  var sum5 = vec4f(first + 20);
  var sum6 = vec4f(first + 24);
  var sum7 = vec4f(first + 28);
  for (var i = 0u; i < params.iterations; i++) {
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum2 = fma(sum2, factor, even);
    sum3 = fma(sum3, factor, even);
    sum4 = fma(sum4, factor, even);
    sum5 = fma(sum5, factor, even);
    sum6 = fma(sum6, factor, even);
    sum7 = fma(sum7, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum2 = fma(sum2, factor, odd);
    sum3 = fma(sum3, factor, odd);
    sum4 = fma(sum4, factor, odd);
    sum5 = fma(sum5, factor, odd);
    sum6 = fma(sum6, factor, odd);
    sum7 = fma(sum7, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum2 = fma(sum2, factor, even);
    sum3 = fma(sum3, factor, even);
    sum4 = fma(sum4, factor, even);
    sum5 = fma(sum5, factor, even);
    sum6 = fma(sum6, factor, even);
    sum7 = fma(sum7, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum2 = fma(sum2, factor, odd);
    sum3 = fma(sum3, factor, odd);
    sum4 = fma(sum4, factor, odd);
    sum5 = fma(sum5, factor, odd);
    sum6 = fma(sum6, factor, odd);
    sum7 = fma(sum7, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum2 = fma(sum2, factor, even);
    sum3 = fma(sum3, factor, even);
    sum4 = fma(sum4, factor, even);
    sum5 = fma(sum5, factor, even);
    sum6 = fma(sum6, factor, even);
    sum7 = fma(sum7, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum2 = fma(sum2, factor, odd);
    sum3 = fma(sum3, factor, odd);
    sum4 = fma(sum4, factor, odd);
    sum5 = fma(sum5, factor, odd);
    sum6 = fma(sum6, factor, odd);
    sum7 = fma(sum7, factor, odd);
    sum0 = fma(sum0, factor, even);
    sum1 = fma(sum1, factor, even);
    sum2 = fma(sum2, factor, even);
    sum3 = fma(sum3, factor, even);
    sum4 = fma(sum4, factor, even);
    sum5 = fma(sum5, factor, even);
    sum6 = fma(sum6, factor, even);
    sum7 = fma(sum7, factor, even);
    sum0 = fma(sum0, factor, odd);
    sum1 = fma(sum1, factor, odd);
    sum2 = fma(sum2, factor, odd);
    sum3 = fma(sum3, factor, odd);
    sum4 = fma(sum4, factor, odd);
    sum5 = fma(sum5, factor, odd);
    sum6 = fma(sum6, factor, odd);
    sum7 = fma(sum7, factor, odd);
  }
  y[id.x] = sum0 + sum1 + sum2 + sum3 + sum4 + sum5 + sum6 + sum7;
}
