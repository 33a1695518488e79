// statistics[m] = (area, min x, min y, max x, max y) over the pixels inside mask m
// One invocation goes through a strip of words of one mask and adds its part by atomics, exact in any order, to what
// mask_of_logits.wgsl has put there: nothing found.
//!import grid

struct Params {
  masks: u32,
  words: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<u32>;                       // [masks, words]: 4 bytes a word, 1 inside, padding 0
@group(0) @binding(2) var<storage, read_write> statistics: array<atomic<u32>>;  // [masks, 5]

override LANES: u32 = 64;
override STRIP: u32 = 64;  // words of a lane: less where many lanes are at hand, more where atomics cost more than waiting

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let strips = (params.words + STRIP - 1) / STRIP;
  let at = flat_group(group, groups) * LANES + lane;
  let row = at / strips;
  if (row >= params.masks) { return; }
  let base = row * params.words;
  let start = (at % strips) * STRIP;
  let end = min(start + STRIP, params.words);

  var area = 0u;
  var low = vec2u(0xffffffffu);
  var high = vec2u(0u);
  var first = vec2u((start * 4) % params.width, (start * 4) / params.width);
  for (var word = start; word < end; word++) {
    var found = mask[base + word];
    area += countOneBits(found);
    var place = first;
    // A word may hold the end of a row and the start of the next, or several rows of a narrow picture.
    while (found != 0) {
      let count = min(params.width - place.x, 4u);
      let part = found & (0xffffffffu >> (32 - 8 * count));
      if (part != 0) {
        low = min(low, place + vec2u(firstTrailingBit(part) / 8, 0));
        high = max(high, place + vec2u(firstLeadingBit(part) / 8, 0));
      }
      found = select(found >> (8 * count), 0u, count == 4);
      place = vec2u(0, place.y + 1);
    }
    first.x += 4;
    if (first.x >= params.width) { first = vec2u((word * 4 + 4) % params.width, (word * 4 + 4) / params.width); }
  }
  if (area == 0) { return; }
  atomicAdd(&statistics[row * 5], area);
  atomicMin(&statistics[row * 5 + 1], low.x);
  atomicMin(&statistics[row * 5 + 2], low.y);
  atomicMax(&statistics[row * 5 + 3], high.x);
  atomicMax(&statistics[row * 5 + 4], high.y);
}
