// Puts together what a softmax over each chunk of its keys gave. SHARE lanes of an output share out its chunks, each adds its
// own up, and pairs of lanes what they have, always in one order.
// For files with logarithm(chunk, row), the logarithm to base 2 of the sum of e to the scores, part(chunk, at), four channels, and
// `chunks` in params.
override LANES: u32 = 64;
override SHARE: u32 = 16;  // a power of 2, at most LANES; 1 where chunks are few, or barriers cost more than waiting

struct Merged {
  highest: f32,  // logarithm, to base 2
  total: f32,    // of the chunks' weights, relative to it
  sum: vec4f,    // of what they weigh
}

fn both(a: Merged, b: Merged) -> Merged {
  let highest = max(a.highest, b.highest);
  let of_a = exp2(a.highest - highest);
  let of_b = exp2(b.highest - highest);
  return Merged(highest, a.total * of_a + b.total * of_b, a.sum * of_a + b.sum * of_b);
}

var<workgroup> merged: array<Merged, LANES>;

// The output that a lane works for: those of a workgroup lie beside each other.
fn output_of(group: u32, lane: u32) -> u32 {
  return group * (LANES / SHARE) + lane % (LANES / SHARE);
}

// All chunks of an output: in the lanes below LANES / SHARE, the others have parts.
fn merged_chunks(lane: u32, row: u32, at: u32) -> Merged {
  let apart = LANES / SHARE;
  // Any logarithm is above this, and exp2 of a difference to it is 0 without an infinity.
  var own = Merged(-1e30f, 0.0, vec4f());
  for (var chunk = lane / apart; chunk < params.chunks; chunk += SHARE) {
    own = both(own, Merged(logarithm(chunk, row), 1.0, part(chunk, at)));
  }
  for (var half = SHARE / 2; half > 0; half /= 2) {
    merged[lane] = own;
    workgroupBarrier();
    own = both(own, merged[(lane + half * apart) % LANES]);
    workgroupBarrier();
  }
  return own;
}
