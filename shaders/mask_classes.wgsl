// classes[p] = 1 + argmax over m of the positive logits of map m at pixel p, without maps of score[m] < 0; 0 if there is none
// One invocation computes one word, that is four pixels; of equal logits the first map wins. Where the maps come in several
// dispatches (RUNNING is 1), each goes on from what the ones before it left.
//!import grid
//!import logit_at

struct Params {
  first_map: u32,  // of these maps, within all
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
@group(0) @binding(3) var<storage, read> score: array<f32>;          // [all maps], unused if SCORES is 0
@group(0) @binding(4) var<storage, read_write> classes: array<u32>;  // [words]: 4 bytes a word
@group(0) @binding(5) var<storage, read_write> largest: array<f32>;  // [pixels]: the logit of each class, unused if RUNNING is 0

override SCORES: u32 = 0;
override RUNNING: u32 = 0;
override LANES: u32 = 64;

// `known` is the class of a pixel so far.
fn class_at(pixel: u32, place: Place, known: u32) -> u32 {
  var best = known;
  var most = 0.0;
  if (RUNNING == 1) {
    if (known > 0) { most = largest[pixel]; }
  }
  for (var map = 0u; map < params.maps; map++) {
    if (SCORES == 1) {
      if (score[params.first_map + map] < 0.0) { continue; }
    }
    let logit = logit_at(map, place);
    if (logit > most) {
      most = logit;
      best = params.first_map + map + 1;
    }
  }
  if (RUNNING == 1) { largest[pixel] = most; }
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
  var before = 0u;
  if (RUNNING == 1) {
    if (params.first_map > 0) { before = classes[at]; }
  }
  var bytes = 0u;
  for (var i = 0u; i < count; i++) {
    bytes |= class_at(at * 4 + i, place_of(y, x), (before >> (8 * i)) & 0xffu) << (8 * i);
    x++;
    if (x == params.width) {
      x = 0;
      y++;
    }
  }
  classes[at] = bytes;
}
