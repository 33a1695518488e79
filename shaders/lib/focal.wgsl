// Focal loss with gamma 3 on a logit x for a target of 0 or 1 (torchvision's sigmoid_focal_loss): with z = x towards the
// target and q = 1 - p of the target, alpha_t * q^3 * softplus(-z).
struct Focal {
  value: f32,
  slope: f32,  // by x
}

fn sigmoid(x: f32) -> f32 {
  // Bounded, so that exp stays finite: past 80 the sigmoid is 0 to f32 anyway.
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}

fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log(1.0 + exp(-abs(x)));
}

fn focal(x: f32, positive: bool, alpha: f32) -> Focal {
  let z = select(-x, x, positive);
  let a = select(1.0 - alpha, alpha, positive);
  let q = sigmoid(-z);
  let cross_entropy = softplus(-z);
  let slope = -a * q * q * q * (3.0 * (1.0 - q) * cross_entropy + q);
  return Focal(a * q * q * q * cross_entropy, select(-slope, slope, positive));
}
