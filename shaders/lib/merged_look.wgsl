// What tokens saw of an image, from the parts that image_attention.wgsl left of each chunk of keys.
// For files whose `look` is [chunks, tokens, heads, HEAD4 + 1] and whose Params have tokens, chunks and inner4.
const HEAD4: u32 = 4;  // fours in a head

// The four channels `col` of a token, of all heads: softmax over all keys.
fn merged_look(token: u32, col: u32) -> vec4f {
  let first = (token * params.inner4 / HEAD4 + col / HEAD4) * (HEAD4 + 1);
  let step = params.tokens * params.inner4 / HEAD4 * (HEAD4 + 1);
  var top = -1e30f;
  for (var s = 0u; s < params.chunks; s++) { top = max(top, look[first + s * step + HEAD4].x); }
  var sum = vec4f();
  var weights = 0.0;
  for (var s = 0u; s < params.chunks; s++) {
    let at = first + s * step;
    let share = exp(look[at + HEAD4].x - top);
    weights = fma(share, look[at + HEAD4].y, weights);
    sum = fma(vec4f(share), look[at + col % HEAD4], sum);
  }
  return sum / weights;
}
