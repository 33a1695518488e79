// A map of logits read at a larger size (bilinear, align_corners false). For files with `logits` [side, side] and
// params.side and params.image, the larger side.

// Where a place of the large axis lies on the small one: two neighbours and the share of the second.
struct Between {
  low: u32,
  high: u32,
  share: f32,
}

fn between(at: u32) -> Between {
  let place = max((f32(at) + 0.5) * f32(params.side) / f32(params.image) - 0.5, 0.0);
  let low = min(u32(place), params.side - 1);
  return Between(low, min(low + 1, params.side - 1), place - f32(low));
}

fn upsampled(row: Between, col: Between) -> f32 {
  let upper = mix(logits[row.low * params.side + col.low], logits[row.low * params.side + col.high], col.share);
  let lower = mix(logits[row.high * params.side + col.low], logits[row.high * params.side + col.high], col.share);
  return mix(upper, lower, row.share);
}
