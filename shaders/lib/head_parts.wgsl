// The vec4s of a head that one of PARTS lanes owns: every PARTS-th.
const HEAD4: u32 = 8;  // vec4s in a head

const OWN4 = (HEAD4 + PARTS - 1) / PARTS;

// A lane's vec4 c; past the end the last one, which counts as 0.
fn channel(lane: u32, c: u32) -> u32 {
  return min(c * PARTS + lane % PARTS, HEAD4 - 1);
}

fn has_channel(lane: u32, c: u32) -> bool {
  return HEAD4 % PARTS == 0 || c * PARTS + lane % PARTS < HEAD4;
}
