// SAM2's fallback from an unstable mask 0, by one workgroup. For files with `masks` [masks, pixels], LANES, iou_of(mask),
// and Params that have masks, pixels4, delta and threshold.
var<workgroup> counts: array<vec2u, LANES>;

// 0 if #(masks[0] > delta) >= threshold * #(masks[0] > -delta), else the mask of 1.. with the largest iou: the same in
// all lanes.
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
    if (iou_of(m) > iou_of(choice)) { choice = m; }
  }
  return choice;
}
