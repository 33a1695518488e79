// Keys and values of a tile on their way into a workgroup's memory: what lib/attention_tile multiplies, whose constants and
// arrays these are.
// CHANNELS vec4s of the tile's keys, from vec4 `c4` of a head on: 4 keys by 4 channels are turned in registers.
// @param rows of the 4 keys that the lane loads, which are the same for all of its channels
fn stage_keys(lane: Lane, head: u32, c4: u32, rows: vec4u) {
  let col = lane.own % TILE4;
  for (var i = 0u; i < (CHANNELS * TILE4 + LANES - 1) / LANES; i++) {
    let channel = i * (LANES / TILE4) + lane.own % LANES / TILE4;
    if (channel < CHANNELS) {
      let c = head * HEAD4 + c4 + channel;
      let turned = transpose(mat4x4f(key_at(rows.x, c), key_at(rows.y, c), key_at(rows.z, c), key_at(rows.w, c)));
      let to = lane.slot % SLOTS * STAGED + 4 * channel * TILE4 + col;
      parts[to] = turned[0];
      parts[to + TILE4] = turned[1];
      parts[to + 2 * TILE4] = turned[2];
      parts[to + 3 * TILE4] = turned[3];
    }
  }
}

// A lane's part of the values of VALUES keys of the tile, from key `done` on. They are asked for well before they are needed.
fn load_values(lane: Lane, head: u32, done: u32) -> Values {
  var own: Values;
  for (var i = 0u; i < LOADS; i++) {
    let at = min(i * LANES + lane.own, VALUES * HEAD4 - 1);
    let row = key_rows[lane.slot % SLOTS * TILE + (done + at / HEAD4) % TILE];
    let c = head * HEAD4 + at % HEAD4;
    own[i] = value_at(row, c);
  }
  return own;
}

fn stage_values(lane: Lane, own: Values) {
  for (var i = 0u; i < LOADS; i++) {
    let at = i * LANES + lane.own % LANES;
    if (at < VALUES * HEAD4) { parts[lane.slot % SLOTS * STAGED + at] = own[i]; }
  }
}
