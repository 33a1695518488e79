// chosen = 0 if #(masks[0] > delta) >= threshold * #(masks[0] > -delta), else the mask of 1.. with the largest iou
// One workgroup: its lanes stride across mask 0 and add up their counts in workgroup memory.

struct Params {
  masks: u32,
  pixels4: u32,
  delta: f32,
  threshold: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> masks: array<vec4f>;       // [masks, pixels]
@group(0) @binding(2) var<storage, read> ious: array<f32>;          // [masks]
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;  // [1]
@group(0) @binding(4) var<storage, read_write> iou: array<f32>;     // [1]: that of the chosen mask

override LANES: u32 = 128;

var<workgroup> counts: array<vec2u, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
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
  if (lane > 0) { return; }

  // A product and no quotient: division may be off by an ulp, and nothing over nothing counts as stable.
  var choice = 0u;
  if (f32(counts[0].x) < params.threshold * f32(counts[0].y)) {
    choice = 1u;
    for (var m = 2u; m < params.masks; m++) {
      if (ious[m] > ious[choice]) { choice = m; }
    }
  }
  chosen[0] = choice;
  iou[0] = ious[choice];
}
