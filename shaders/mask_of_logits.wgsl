// mask[m, p] = logit of map first_map + m at pixel p > 0 and not score[first_map + m] < 0, as bytes 0 or 1
// One invocation computes one word, that is four pixels of one map; the logits at the picture's size are never stored.
//!import grid
//!import logit_at

struct Params {
  first_map: u32,
  maps: u32,
  pixels: u32,
  words: u32,
  width: u32,
  low_rows: u32,
  low_cols: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // [maps and others, low_rows, low_cols]
@group(0) @binding(2) var<storage, read> row_taps: array<vec4f>;     // [height, 4]: first row, weights
@group(0) @binding(3) var<storage, read> column_taps: array<vec4f>;  // [width, 4]: first column, weights
@group(0) @binding(4) var<storage, read> score: array<f32>;          // [maps and others], unused if SCORES is 0
@group(0) @binding(5) var<storage, read_write> mask: array<u32>;     // [maps, words]: 4 bytes a word

override SCORES: u32 = 0;
override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.maps * params.words) { return; }
  let map = params.first_map + at / params.words;
  var bytes = 0u;
  var shown = true;
  if (SCORES == 1) { shown = !(score[map] < 0.0); }
  if (shown) {
    let first = (at % params.words) * 4;
    let count = min(4u, params.pixels - first);
    for (var i = 0u; i < count; i++) {
      let pixel = first + i;
      let inside = logit_at(map, pixel / params.width, pixel % params.width) > 0.0;
      bytes |= select(0u, 1u, inside) << (8 * i);
    }
  }
  mask[at] = bytes;
}
