// dlogits[r, q] = weight * d(dice_share * dice + focal_share * mean focal) / d logits[r, q], with the loss at the target's size
// One invocation per logit: it visits the pixels of the target that the logit is interpolated to.
//!import focal
//!import grid
//!import upsampled

struct Params {
  side: u32,        // of the logits
  image: u32,       // of the target
  alpha: f32,
  dice_share: f32,
  focal_share: f32,
  dice_smooth: f32,      // of dice
  class_index: u32, // whose row of `supervision` holds the weight
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;          // [side, side]
@group(0) @binding(2) var<storage, read> labels: array<f32>;          // [image, image]: 0 or 1
@group(0) @binding(3) var<storage, read> sums: array<f32>;            // [4], of mask_loss_sums.wgsl
@group(0) @binding(4) var<storage, read> supervision: array<vec4f>;   // [classes, 4]: x is the weight
@group(0) @binding(5) var<storage, read> before: array<f32>;          // [side, side], unused if ADD is 0
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>;   // [side, side]

override LANES: u32 = 64;
override ADD: u32 = 0;

// How much of a logit at `place` goes into a pixel between two of them.
fn share_of(place: u32, pixel: Between) -> f32 {
  return select(0.0, 1.0 - pixel.share, pixel.low == place) + select(0.0, pixel.share, pixel.high == place);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.side * params.side) { return; }
  let row = at / params.side;
  let col = at % params.side;
  let weight = supervision[params.class_index].x;
  var value = 0.0;
  if (ADD == 1) { value = before[at]; }
  // An empty mask has weight 0: nothing to visit.
  if (weight == 0.0) {
    dlogits[at] = value;
    return;
  }

  // dice = (2 overlap + smooth) / (p + y + smooth), of which p is differentiated.
  let whole = sums[1] + sums[2] + params.dice_smooth;
  let overlap = 2.0 * sums[0] + params.dice_smooth;
  let step = params.image / params.side;
  let first_y = row * step - min(row * step, step);
  let end_y = min((row + 2) * step, params.image);
  let first_x = col * step - min(col * step, step);
  let end_x = min((col + 2) * step, params.image);
  var sum = 0.0;
  for (var y = first_y; y < end_y; y++) {
    let pixel_row = between(y);
    let share_y = share_of(row, pixel_row);
    if (share_y == 0.0) { continue; }
    for (var x = first_x; x < end_x; x++) {
      let pixel_col = between(x);
      let share = share_y * share_of(col, pixel_col);
      if (share == 0.0) { continue; }
      let logit = upsampled(pixel_row, pixel_col);
      let label = labels[y * params.image + x];
      let p = sigmoid(logit);
      let dice = (overlap - 2.0 * label * whole) / (whole * whole) * p * (1.0 - p);
      let slope = focal(logit, label > 0.5, params.alpha).slope / f32(params.image * params.image);
      sum += share * (params.dice_share * dice + params.focal_share * slope);
    }
  }
  dlogits[at] = value + weight * sum;
}
