// y[i] = 8 multiply-adds in a row for each of 8 chains of 4, iterations times over: what the arithmetic units can do.
// One invocation owns 8 chains; each step needs the one before, so that no compiler can leave one out.

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
  var sum2 = vec4f(f32(id.x + 2));
  var sum3 = vec4f(f32(id.x + 3));
  var sum4 = vec4f(f32(id.x + 4));
  var sum5 = vec4f(f32(id.x + 5));
  var sum6 = vec4f(f32(id.x + 6));
  var sum7 = vec4f(f32(id.x + 7));
  for (var i = 0u; i < params.iterations; i++) {
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
    sum0 = fma(sum0, factor, shift);
    sum1 = fma(sum1, factor, shift);
    sum2 = fma(sum2, factor, shift);
    sum3 = fma(sum3, factor, shift);
    sum4 = fma(sum4, factor, shift);
    sum5 = fma(sum5, factor, shift);
    sum6 = fma(sum6, factor, shift);
    sum7 = fma(sum7, factor, shift);
  }
  y[id.x] = sum0 + sum1 + sum2 + sum3 + sum4 + sum5 + sum6 + sum7;
}
