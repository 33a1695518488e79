// terms[t] = terms[t] + weight * loss of t, for t in total, dice, focal, object, box, interim
// One invocation: a handful of numbers of one class of one image.
struct Params {
  class_index: u32,
  pixels: f32,       // of the target
  dice_smooth: f32,       // of dice
  dice_share: f32,   // of each term in the total
  focal_share: f32,
  interim_share: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<vec4f>;         // [1]: sums of mask_loss_sums.wgsl
@group(0) @binding(2) var<storage, read> interim: array<vec4f>;      // [1]: the same of the interim mask
@group(0) @binding(3) var<storage, read> box: array<f32>;            // [4]: the loss first
@group(0) @binding(4) var<storage, read> object: array<f32>;         // [4]: the loss first
@group(0) @binding(5) var<storage, read> supervision: array<vec4f>;  // [classes]: weights of mask and box, label, weight of object
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;    // [8]

override BOX: u32 = 1;      // whether there is a predicted box and interim mask
override OBJECT: u32 = 1;   // whether the decoder scores objects

@compute @workgroup_size(1)
fn main() {
  let weights = supervision[params.class_index];
  let sums = mask[0];
  let dice = weights.x * (1.0 - (2.0 * sums.x + params.dice_smooth) / (sums.y + sums.z + params.dice_smooth));
  let focal = weights.x * sums.w / params.pixels;
  var object_term = 0.0;
  if (OBJECT == 1) { object_term = weights.w * object[0]; }
  var box_term = 0.0;
  var interim_term = 0.0;
  if (BOX == 1) {
    box_term = weights.y * box[0];
    interim_term = weights.x * interim[0].w / params.pixels;
  }
  let total = params.dice_share * dice + params.focal_share * focal + object_term + box_term
    + params.interim_share * interim_term;
  terms[0] += total;
  terms[1] += dice;
  terms[2] += focal;
  terms[3] += object_term;
  terms[4] += box_term;
  terms[5] += interim_term;
}
