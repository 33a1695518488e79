// chosen = 0 if #(masks[0] > delta) >= threshold * #(masks[0] > -delta), else the mask of 1.. with the largest iou
// One workgroup: its lanes stride across mask 0 and add up their counts in workgroup memory.
//!import stable_choice

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

fn iou_of(mask: u32) -> f32 {
  return ious[mask];
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  let choice = stable_choice(lane);
  if (lane > 0) { return; }
  chosen[0] = choice;
  iou[0] = ious[choice];
}
