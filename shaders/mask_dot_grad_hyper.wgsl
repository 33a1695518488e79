// dhyper[chunk, m, c] = sum over the pixels p of the chunk of dy[m, p] * activation(v[p, c]), where v = shuffled x + skip
// One invocation per 4 channels and 4 masks of a chunk, which bounds the loop; chunks are summed by sum_rows.wgsl.
//!import activation
//!import grid
//!import shuffle

struct Params {
  pixels: u32,
  width: u32,
  channels4: u32,
  masks: u32,
  chunk: u32,   // pixels a chunk
  chunks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;             // [height / 2, width / 2, 2, 2, channels]
@group(0) @binding(2) var<storage, read> skip: array<vec4f>;          // [height, width, channels], unused if SKIP is 0
@group(0) @binding(3) var<storage, read> dy: array<f32>;              // [masks, height, width]
@group(0) @binding(4) var<storage, read_write> dhyper: array<vec4f>;  // [chunks, masks, channels]

override SKIP: u32 = 0;
override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  let chunk = at / params.channels4;
  let c = at % params.channels4;
  if (chunk >= params.chunks) { return; }
  let first = chunk * params.chunk;
  let end = min(first + params.chunk, params.pixels);

  // Masks past the end read the last one again: their sums are never stored.
  let mask = group.z * 4;
  let last = params.masks - 1;
  let dy0 = mask * params.pixels;
  let dy1 = min(mask + 1, last) * params.pixels;
  let dy2 = min(mask + 2, last) * params.pixels;
  let dy3 = min(mask + 3, last) * params.pixels;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var pixel = first; pixel < end; pixel++) {
    var value = x[shuffled_pixel(pixel, params.width) * params.channels4 + c];
    if (SKIP == 1) { value += skip[pixel * params.channels4 + c]; }
    value = activate4(value);
    sum0 = fma(vec4f(dy[dy0 + pixel]), value, sum0);
    sum1 = fma(vec4f(dy[dy1 + pixel]), value, sum1);
    sum2 = fma(vec4f(dy[dy2 + pixel]), value, sum2);
    sum3 = fma(vec4f(dy[dy3 + pixel]), value, sum3);
  }
  let to = (chunk * params.masks + mask) * params.channels4 + c;
  dhyper[to] = sum0;
  if (mask + 1 < params.masks) { dhyper[to + params.channels4] = sum1; }
  if (mask + 2 < params.masks) { dhyper[to + 2 * params.channels4] = sum2; }
  if (mask + 3 < params.masks) { dhyper[to + 3 * params.channels4] = sum3; }
}
