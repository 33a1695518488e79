// mask[m, p] = logit of map m at pixel p > 0 and not score[first_map + m] < 0, as bytes 0 or 1; statistics[m] = nothing found
// One invocation computes one word, that is four pixels of one map; the logits at the picture's size are never stored.
//!import grid
//!import logit_at

struct Params {
  first_map: u32,
  first_half: u32,  // of these maps, within halves
  maps: u32,
  pixels: u32,
  words: u32,
  width: u32,
  before: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> halves: array<f32>;       // [maps or more, before, width] or [.., height, before]
@group(0) @binding(2) var<storage, read> taps: array<vec4f>;       // [height or width, 4]: first input, weights
@group(0) @binding(3) var<storage, read> score: array<f32>;        // [maps and others], unused if SCORES is 0
@group(0) @binding(4) var<storage, read_write> mask: array<u32>;   // [maps, words]: 4 bytes a word
@group(0) @binding(5) var<storage, read_write> statistics: array<u32>;  // [maps, 5]: area, least x and y, largest x and y

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
  let map = at / params.words;
  var bytes = 0u;
  var shown = true;
  if (SCORES == 1) { shown = !(score[params.first_map + map] < 0.0); }
  if (shown) {
    let first = (at % params.words) * 4;
    let count = min(4u, params.pixels - first);
    var y = first / params.width;
    var x = first % params.width;
    for (var i = 0u; i < count; i++) {
      bytes |= select(0u, 1u, logit_at(params.first_half + map, place_of(y, x)) > 0.0) << (8 * i);
      x++;
      if (x == params.width) {
        x = 0;
        y++;
      }
    }
  }
  mask[at] = bytes;
  if (at % params.words > 0) { return; }
  statistics[map * 5] = 0;
  statistics[map * 5 + 1] = 0xffffffffu;
  statistics[map * 5 + 2] = 0xffffffffu;
  statistics[map * 5 + 3] = 0;
  statistics[map * 5 + 4] = 0;
}
