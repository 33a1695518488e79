// statistics[m, k - 1] = (area, min x, min y, max x, max y) over the pixels of mask m whose byte is k, for k = 1 .. classes
// One invocation goes through a strip of words of one mask for one class and adds its part by atomics, exact in any order.
//!import grid

struct Params {
  masks: u32,
  classes: u32,
  words: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<u32>;                       // [masks, words]: 4 bytes a word, padding 0
@group(0) @binding(2) var<storage, read_write> statistics: array<atomic<u32>>;  // [masks, classes, 5]

override LANES: u32 = 64;
override STRIP: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let strips = (params.words + STRIP - 1) / STRIP;
  let at = flat_group(group, groups) * LANES + lane;
  let row = at / strips;
  if (row >= params.masks * params.classes) { return; }
  let number = row % params.classes + 1;
  let base = (row / params.classes) * params.words;
  let start = (at % strips) * STRIP;
  let end = min(start + STRIP, params.words);

  var area = 0u;
  var low = vec2u(0xffffffffu);
  var high = vec2u(0u);
  for (var word = start; word < end; word++) {
    let bytes = mask[base + word];
    if (bytes == 0) { continue; }
    for (var i = 0u; i < 4; i++) {
      if (((bytes >> (8 * i)) & 255) != number) { continue; }
      let pixel = word * 4 + i;
      let place = vec2u(pixel % params.width, pixel / params.width);
      area++;
      low = min(low, place);
      high = max(high, place);
    }
  }
  if (area == 0) { return; }
  atomicAdd(&statistics[row * 5], area);
  atomicMin(&statistics[row * 5 + 1], low.x);
  atomicMin(&statistics[row * 5 + 2], low.y);
  atomicMax(&statistics[row * 5 + 3], high.x);
  atomicMax(&statistics[row * 5 + 4], high.y);
}
