// y = masks[chosen ..], iou = answers[iou_at + chosen ..]; chosen = first, or if STABLE is 1 as in stable_mask.wgsl
// One workgroup copies a strip of LANES x STRIP fours; where the choice depends on mask 0, each counts its pixels anew.
//!import stable_choice

struct Params {
  masks: u32,
  pixels4: u32,
  first: u32,
  picked: u32,
  iou_at: u32,    // values within answers
  score_at: u32,
  delta: f32,
  threshold: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> masks: array<vec4f>;        // [masks, pixels]
@group(0) @binding(2) var<storage, read> answers: array<f32>;        // [any]: holds each mask's iou and a score
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;      // [picked, pixels]
@group(0) @binding(4) var<storage, read_write> iou: array<f32>;      // [picked]
@group(0) @binding(5) var<storage, read_write> score: array<f32>;    // [1]

override STABLE: u32 = 0;
const LANES: u32 = 256;
const STRIP: u32 = 4;

fn iou_of(mask: u32) -> f32 {
  return answers[params.iou_at + mask];
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var chosen = params.first;
  if (STABLE == 1) { chosen = stable_choice(lane); }
  let values = params.picked * params.pixels4;
  for (var i = 0u; i < STRIP; i++) {
    let at = (group.x * STRIP + i) * LANES + lane;
    if (at < values) { y[at] = masks[chosen * params.pixels4 + at]; }
  }
  if (group.x > 0 || lane > 0) { return; }
  for (var i = 0u; i < params.picked; i++) { iou[i] = answers[params.iou_at + chosen + i]; }
  score[0] = answers[params.score_at];
}
