// The running softmax between the two products of lib/attention_tile, whose constants, types and arrays these are.

// What each lane of a query has of it, for its other lanes to see.
fn share(lane: Lane, own: array<f32, ROWS>) {
  for (var i = 0u; i < ROWS; i++) {
    lane_parts[((lane.slot % SLOTS * ROWS + i) * HIGH + lane.y % HIGH) * WIDE + lane.x % WIDE] = own[i];
  }
}

// What the lane with this x has of the lane's query i.
fn shared_by(lane: Lane, i: u32, x: u32) -> f32 {
  return lane_parts[((lane.slot % SLOTS * ROWS + i % ROWS) * HIGH + lane.y % HIGH) * WIDE + x % WIDE];
}

// The highest of query i's scores in this lane.
fn own_top(i: u32, scores: ptr<function, Scores>) -> f32 {
  var top = (*scores)[i * KEYS4];
  if (KEYS4 > 1) { top = max(top, (*scores)[i * KEYS4 + 1]); }
  return max(max(top.x, top.y), max(top.z, top.w));
}

fn weigh_keys(lane: Lane, i: u32, g: u32, top: f32, scores: ptr<function, Scores>) -> vec4f {
  let weight = exp2((*scores)[i * KEYS4 + g] - top);
  let row = lane.slot % SLOTS * QUERIES + lane.y % HIGH + i * HIGH;
  weights[row * TILE4 + turned(i * HIGH + lane.y, g * WIDE + lane.x) % TILE4] = weight;
  return weight;
}

fn weigh_row(lane: Lane, i: u32, scores: ptr<function, Scores>, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  var top = (*softmax).highest[i];
  for (var x = 0u; x < WIDE; x++) { top = max(top, shared_by(lane, i, x)); }
  let shrink = exp2((*softmax).highest[i] - top);
  (*softmax).highest[i] = top;
  var total = weigh_keys(lane, i, 0, top, scores);
  if (KEYS4 > 1) { total += weigh_keys(lane, i, 1, top, scores); }
  (*softmax).total[i] = fma((*softmax).total[i], shrink, total.x + total.y + total.z + total.w);
  (*sums)[i * GROUPS] *= shrink;
  if (GROUPS > 1) { (*sums)[i * GROUPS + 1] *= shrink; }
  if (GROUPS > 2) { (*sums)[i * GROUPS + 2] *= shrink; }
  if (GROUPS > 3) { (*sums)[i * GROUPS + 3] *= shrink; }
}

// Weights of the scores, unnormalised, into workgroup memory, after the lanes of a query told each other their highest
// score; what was summed before shrinks where there is a higher one now. Rows are numbered by literals, as groups are below: a
// body of this length the driver may not write out, and scores, totals and sums would leave registers for the whole kernel.
fn weigh(lane: Lane, scores: ptr<function, Scores>, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  var own: array<f32, ROWS>;
  for (var i = 0u; i < ROWS; i++) { own[i] = own_top(i, scores); }
  share(lane, own);
  workgroupBarrier();
  weigh_row(lane, 0, scores, softmax, sums);
  if (ROWS > 1) { weigh_row(lane, 1 % ROWS, scores, softmax, sums); }
  if (ROWS > 2) { weigh_row(lane, 2 % ROWS, scores, softmax, sums); }
  if (ROWS > 3) { weigh_row(lane, 3 % ROWS, scores, softmax, sums); }
  if (ROWS > 4) { weigh_row(lane, 4 % ROWS, scores, softmax, sums); }
}
