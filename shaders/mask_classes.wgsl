// classes[p] = 1 + argmax over m of the positive logits of map m at pixel p, without maps of score[m] < 0; 0 if there is none
// One invocation computes one word, that is four pixels; of equal logits the first map wins.
//!import grid
//!import logit_at

struct Params {
  maps: u32,
  pixels: u32,
  words: u32,
  width: u32,
  before: u32,
  plane: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> halves: array<f32>;         // [maps, before, width] or [maps, height, before]
@group(0) @binding(2) var<storage, read> taps: array<vec4f>;         // [height or width, 4]: first input, weights
@group(0) @binding(3) var<storage, read> score: array<f32>;          // [maps], unused if SCORES is 0
@group(0) @binding(4) var<storage, read_write> classes: array<u32>;  // [words]: 4 bytes a word

override SCORES: u32 = 0;
override LANES: u32 = 64;

fn class_at(place: Place) -> u32 {
  var best = 0u;
  var largest = 0.0;
  for (var map = 0u; map < params.maps; map++) {
    if (SCORES == 1) {
      if (score[map] < 0.0) { continue; }
    }
    let logit = logit_at(map, place);
    if (logit > largest) {
      largest = logit;
      best = map + 1;
    }
  }
  return best;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.words) { return; }
  let count = min(4u, params.pixels - at * 4);
  var y = (at * 4) / params.width;
  var x = (at * 4) % params.width;
  var bytes = 0u;
  for (var i = 0u; i < count; i++) {
    bytes |= class_at(place_of(y, x)) << (8 * i);
    x++;
    if (x == params.width) {
      x = 0;
      y++;
    }
  }
  classes[at] = bytes;
}
