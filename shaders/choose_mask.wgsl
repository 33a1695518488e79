// y = masks[chosen ..], iou = answers[iou_at + chosen ..]; chosen = first, or if STABLE is 1 as in stable_mask.wgsl
// One workgroup copies a strip of LANES x STRIP fours; where the choice depends on mask 0, each counts its pixels anew.

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

var<workgroup> counts: array<vec2u, LANES>;

// Which mask is the answer where mask 0 may be unstable: the same in all lanes.
fn stable_choice(lane: u32) -> u32 {
  var inner = vec4u();
  var outer = vec4u();
  for (var i = lane; i < params.pixels4; i += LANES) {
    let logits = masks[i];
    inner += vec4u(logits > vec4f(params.delta));
    outer += vec4u(logits > vec4f(-params.delta));
  }
  counts[lane] = vec2u(inner.x + inner.y + inner.z + inner.w, outer.x + outer.y + outer.z + outer.w);
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) { counts[lane] += counts[lane + stride]; }
    workgroupBarrier();
  }
  // A product and no quotient: division may be off by an ulp, and nothing over nothing counts as stable.
  if (f32(counts[0].x) >= params.threshold * f32(counts[0].y)) { return 0; }
  var choice = 1u;
  for (var m = 2u; m < params.masks; m++) {
    if (answers[params.iou_at + m] > answers[params.iou_at + choice]) { choice = m; }
  }
  return choice;
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
