// loss = 1 - GIoU(box, target), and dbox = weight * its gradient, plus before if ADD
// One invocation: a box is four numbers (torchvision's generalized_box_iou_loss, eps 1e-7).
struct Params {
  class_index: u32,  // whose rows of `targets` and `supervision` count
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> box: array<vec4f>;          // [1]: x0 y0 x1 y1
@group(0) @binding(2) var<storage, read> targets: array<vec4f>;      // [classes]
@group(0) @binding(3) var<storage, read> supervision: array<vec4f>;  // [classes]: y is the weight
@group(0) @binding(4) var<storage, read> before: array<vec4f>;       // [1], unused if ADD is 0
@group(0) @binding(5) var<storage, read_write> loss: array<vec4f>;   // [1]: the loss, 0, 0, 0
@group(0) @binding(6) var<storage, read_write> dbox: array<vec4f>;   // [1]

override ADD: u32 = 0;
const EPS: f32 = 1e-7;

@compute @workgroup_size(1)
fn main() {
  let own = box[0];
  let other = targets[params.class_index];
  let size = own.zw - own.xy;
  let other_size = other.zw - other.xy;

  // Overlap, and the box around both. Each of their sides belongs to one of the two boxes.
  let low = max(own.xy, other.xy);
  let high = min(own.zw, other.zw);
  let shared_size = high - low;
  let meet = shared_size.x > 0.0 && shared_size.y > 0.0;
  let overlap = select(0.0, shared_size.x * shared_size.y, meet);
  let joint = size.x * size.y + other_size.x * other_size.y - overlap;
  let around = max(own.zw, other.zw) - min(own.xy, other.xy);
  let hull = around.x * around.y;
  let iou = overlap / (joint + EPS);
  loss[0] = vec4f(1.0 - iou + (hull - joint) / (hull + EPS), 0.0, 0.0, 0.0);

  // Derivatives of the three areas by x0 y0 x1 y1.
  let own_is_low = select(vec2f(0.0), vec2f(1.0), own.xy > other.xy);
  let own_is_high = select(vec2f(0.0), vec2f(1.0), own.zw < other.zw);
  let d_overlap = select(vec4f(0.0), vec4f(-own_is_low * shared_size.yx, own_is_high * shared_size.yx), meet);
  let d_joint = vec4f(-size.yx, size.yx) - d_overlap;
  let own_is_first = select(vec2f(0.0), vec2f(1.0), own.xy < other.xy);
  let own_is_last = select(vec2f(0.0), vec2f(1.0), own.zw > other.zw);
  let d_hull = vec4f(-own_is_first * around.yx, own_is_last * around.yx);
  let d_iou = (d_overlap - iou * d_joint) / (joint + EPS);
  let d_gap = (d_hull - d_joint - (hull - joint) / (hull + EPS) * d_hull) / (hull + EPS);
  var value = supervision[params.class_index].y * (d_gap - d_iou);
  if (ADD == 1) { value += before[0]; }
  dbox[0] = value;
}
