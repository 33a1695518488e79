// Logits at pixels of the picture, from logits that have one axis of the picture already: the columns if DOWN is 1,
// `halves` [maps, before, width], else the rows, [maps, height, before]. For files that also have params.plane, the
// values of one map, params.width, params.before, and `taps` [height or width, 4]: first input and three weights.
override DOWN: u32 = 1;
override TAPS: u32 = 3;

// What all maps share at a pixel: the first value within a map, and the weights.
struct Place {
  first: u32,
  weights: vec3f,
}

fn place_of(y: u32, x: u32) -> Place {
  if (DOWN == 1) {
    let tap = taps[y];
    return Place(u32(tap.x) * params.width + x, tap.yzw);
  }
  let tap = taps[x];
  return Place(y * params.before + u32(tap.x), tap.yzw);
}

fn logit_at(map: u32, place: Place) -> f32 {
  let step = select(1u, params.width, DOWN == 1);
  let base = map * params.plane + place.first;
  var sum = place.weights.x * halves[base];
  if (TAPS > 1) { sum = fma(place.weights.y, halves[base + step], sum); }
  if (TAPS > 2) { sum = fma(place.weights.z, halves[base + 2 * step], sum); }
  return sum;
}
