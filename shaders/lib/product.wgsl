// Four steps of a product's inner axis at a time. Where a caller computes in f16, the assembler makes `factors` f16 and
// calls the second of each pair (`computedAs` in src/gpu/kernel.ts): what is multiplied, and the sum of those four, is
// f16 then; everything beyond is f32.
alias factors = vec4<f32>;

// Far enough within f16's range that four products with weights up to 1 stay finite.
fn narrow(four: vec4f) -> factors {
  return factors(clamp(four, vec4f(-16000.0), vec4f(16000.0)));
}

// sum + x.x w0 + x.y w1 + x.z w2 + x.w w3
fn multiply(w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f, x: vec4f, sum: vec4f) -> vec4f {
  return fma(vec4f(x.x), w0, fma(vec4f(x.y), w1, fma(vec4f(x.z), w2, fma(vec4f(x.w), w3, sum))));
}

fn multiply_f16(w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f, x: vec4f, sum: vec4f) -> vec4f {
  let four = narrow(x);
  let part = four.x * narrow(w0) + four.y * narrow(w1) + four.z * narrow(w2) + four.w * narrow(w3);
  return sum + vec4f(part);
}

// The same for 4 times 4 values of x, a column each.
fn multiply_block(own: mat4x4f, x: mat4x4f, sum: mat4x4f) -> mat4x4f {
  return sum + own * x;
}

fn multiply_block_f16(own: mat4x4f, x: mat4x4f, sum: mat4x4f) -> mat4x4f {
  return mat4x4f(
    multiply_f16(own[0], own[1], own[2], own[3], x[0], sum[0]),
    multiply_f16(own[0], own[1], own[2], own[3], x[1], sum[1]),
    multiply_f16(own[0], own[1], own[2], own[3], x[2], sum[2]),
    multiply_f16(own[0], own[1], own[2], own[3], x[3], sum[3]),
  );
}
