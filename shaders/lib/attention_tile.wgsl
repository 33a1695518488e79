//!import product
//!import attended_row
//!import attention_staging
//!import attention_softmax
// Attention as two products of tiles, scores = Q K^T and sums = P V, with a running softmax between them. A slot of
// WIDE x HIGH lanes has HIGH ROWS queries of one window and head, and walks the keys in tiles of 4 WIDE KEYS4. For files
// with `q`, `k`, `v`, `pad` and `y`, strides, starts, paddings and scale in `params`, and functions of a `Place` and of a group of 4
// keys, counted from the first: `rows_of` are their rows in k and v, `key_terms` what is added to their scores, `pair_terms` what
// is added to those of one query. Lane (x, y) has the queries y, y + HIGH, ..., and the groups x, x + WIDE, ... of 4 keys in the
// first product and of 4 channels in the second. Queries come straight from storage: the WIDE lanes of a query read the same
// address, and the first cache has it from the tile before.
//
// Lanes are taken modulo WIDE and HIGH wherever they index workgroup memory: so the compiler can prove the index to be in range
// and leaves its clamp out.
const HEAD4: u32 = 16;    // vec4s in a head
const WIDE: u32 = 8;      // a power of two
const HIGH: u32 = 8;
const ROWS: u32 = 4;      // queries of a lane
const KEYS4: u32 = 1;     // groups of 4 keys of a lane: 1 or 2
const CHANNELS: u32 = 8;  // vec4s of channels of the keys that are in workgroup memory at once: a divisor of HEAD4
const VALUES: u32 = 16;   // keys whose values are there at once: 4 or more, a divisor of the tile's keys
const SLOTS: u32 = 1;     // in a workgroup

const LANES = WIDE * HIGH;  // a multiple of TILE4
const QUERIES = HIGH * ROWS;
const TILE4 = WIDE * KEYS4;
const TILE = 4 * TILE4;
const GROUPS = (HEAD4 + WIDE - 1) / WIDE;  // of 4 channels, of a lane: at most 4
// Channels of a turn of the first product: drivers write out a loop so short, and loads of one overlap products of another.
const TOGETHER = select(select(select(1u, 3u, CHANNELS % 3 == 0), 2u, CHANNELS % 2 == 0), 4u, CHANNELS % 4 == 0);
const STAGED = max(4 * CHANNELS * TILE4, VALUES * HEAD4);
const LOADS = (VALUES * HEAD4 + LANES - 1) / LANES;  // of values, by a lane

// Channels of the tile's keys, [4 CHANNELS, TILE4] of 4 keys each; then values, [VALUES, HEAD4].
var<workgroup> parts: array<vec4f, SLOTS * STAGED>;
var<workgroup> weights: array<vec4f, SLOTS * QUERIES * TILE4>;  // [QUERIES, TILE4] of 4 keys, columns turned by the row
var<workgroup> lane_parts: array<f32, SLOTS * QUERIES * WIDE>;  // of a query: the highest score or the total of each lane's keys
var<workgroup> key_rows: array<u32, SLOTS * TILE>;              // of the tile, for its values

alias Scores = array<vec4f, ROWS * KEYS4>;
alias Sums = array<vec4f, ROWS * GROUPS>;
alias Rows = array<u32, ROWS>;
alias Values = array<vec4f, LOADS>;

// Of a lane's queries, each the same in the WIDE lanes that have it, but for `total`: there a lane has its own keys' part.
struct Softmax {
  highest: array<f32, ROWS>,  // score
  total: array<f32, ROWS>,    // of weights relative to it
}

struct Lane {
  x: u32,
  y: u32,
  own: u32,   // number in its slot
  slot: u32,
}

// Which of a row's columns the weights of column `col` are in: they are turned row by row, so that neighbouring rows have one in
// different banks.
fn turned(row: u32, col: u32) -> u32 {
  return (col ^ row) % TILE4;
}

// A vec4 of channels, from the lane's group g of 4 keys.
fn add_keys(lane: Lane, c: u32, g: u32, four: array<vec4f, ROWS>, scores: ptr<function, Scores>) {
  let base = lane.slot % SLOTS * STAGED + 4 * c * TILE4 + g * WIDE + lane.x % WIDE;
  let keys0 = parts[base];
  let keys1 = parts[base + TILE4];
  let keys2 = parts[base + 2 * TILE4];
  let keys3 = parts[base + 3 * TILE4];
  for (var i = 0u; i < ROWS; i++) {
    (*scores)[i * KEYS4 + g] = multiply(keys0, keys1, keys2, keys3, four[i], (*scores)[i * KEYS4 + g]);
  }
}

// @param starts of the lane's queries' heads in q
fn add_scores(lane: Lane, starts: Rows, c4: u32, scores: ptr<function, Scores>) {
  for (var turn = 0u; turn < CHANNELS / TOGETHER; turn++) {
    for (var own = 0u; own < TOGETHER; own++) {
      let c = turn * TOGETHER + own;
      var four: array<vec4f, ROWS>;
      for (var i = 0u; i < ROWS; i++) { four[i] = q[starts[i] + c4 + c]; }
      add_keys(lane, c, 0, four, scores);
      if (KEYS4 > 1) { add_keys(lane, c, 1, four, scores); }
    }
  }
}

// Of 4 keys, to one group of channels. Groups are numbered by literals here and wherever sums are touched: a loop over them that
// the driver does not write out would put all sums into memory.
fn add_group(lane: Lane, step: u32, g: u32, four: array<vec4f, ROWS>, sums: ptr<function, Sums>) {
  let base = lane.slot % SLOTS * STAGED + 4 * step * HEAD4 + min(g * WIDE + lane.x % WIDE, HEAD4 - 1);
  let value0 = parts[base];
  let value1 = parts[base + HEAD4];
  let value2 = parts[base + 2 * HEAD4];
  let value3 = parts[base + 3 * HEAD4];
  for (var i = 0u; i < ROWS; i++) {
    (*sums)[i * GROUPS + g] = multiply(value0, value1, value2, value3, four[i], (*sums)[i * GROUPS + g]);
  }
}

fn add_values(lane: Lane, done: u32, sums: ptr<function, Sums>) {
  let first = lane.slot % SLOTS * QUERIES + lane.y % HIGH;
  for (var step = 0u; step < VALUES / 4; step++) {
    var four: array<vec4f, ROWS>;
    for (var i = 0u; i < ROWS; i++) { four[i] = weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, done / 4 + step) % TILE4]; }
    add_group(lane, step, 0, four, sums);
    if (GROUPS > 1) { add_group(lane, step, 1, four, sums); }
    if (GROUPS > 2) { add_group(lane, step, 2, four, sums); }
    if (GROUPS > 3) { add_group(lane, step, 3, four, sums); }
  }
}

// @param first group of 4 keys of the tile
fn start_scores(lane: Lane, place: Place, head: u32, rows: Rows, first: u32, scale: f32, scores: ptr<function, Scores>) {
  for (var g = 0u; g < KEYS4; g++) {
    let keys4 = first + g * WIDE + lane.x;
    let terms = key_terms(place, keys4);
    for (var i = 0u; i < ROWS; i++) { (*scores)[i * KEYS4 + g] = (terms + pair_terms(place, head, rows[i], keys4)) * scale; }
  }
}

// The weighted sums of values over a range of tiles, which is the same for all lanes of a workgroup, as `keys`, the number of all, is.
fn walk(lane: Lane, place: Place, head: u32, rows: Rows, tiles: vec2u, keys: u32, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  var starts: Rows;
  for (var i = 0u; i < ROWS; i++) {
    starts[i] = select(rows[i], 0, rows[i] == OUTSIDE) * params.q_stride + params.q_start + head * HEAD4;
    (*softmax).highest[i] = LOWEST;
  }
  let to_log2 = params.scale * LOG2E;
  let from_log2 = 1.0 / to_log2;
  for (var tile = tiles.x; tile < tiles.y; tile++) {
    let own_keys = rows_of(place, tile * TILE4 + lane.own % TILE4);
    var scores: Scores;
    for (var c4 = 0u; c4 < HEAD4; c4 += CHANNELS) {
      workgroupBarrier();
      if (c4 == 0 && lane.own < TILE4) {
        let to = lane.slot % SLOTS * TILE + 4 * (lane.own % TILE4);
        key_rows[to] = own_keys.x;
        key_rows[to + 1] = own_keys.y;
        key_rows[to + 2] = own_keys.z;
        key_rows[to + 3] = own_keys.w;
      }
      stage_keys(lane, head, c4, own_keys);
      // What is added to the scores is where they start. No barrier stands between: it is on its way while keys are.
      if (c4 == 0) { start_scores(lane, place, head, rows, tile * TILE4, from_log2, &scores); }
      workgroupBarrier();
      add_scores(lane, starts, c4, &scores);
    }
    var values = load_values(lane, head, 0);
    for (var i = 0u; i < ROWS * KEYS4; i++) { scores[i] *= to_log2; }
    weigh(lane, &scores, softmax, sums);
    // Keys past the end are left out, VALUES at a time.
    let some = min(TILE, keys - tile * TILE);
    for (var done = 0u; done < some; done += VALUES) {
      if (done > 0) { workgroupBarrier(); }
      stage_values(lane, values);
      workgroupBarrier();
      if (done + VALUES < some) { values = load_values(lane, head, done + VALUES); }
      add_values(lane, done, sums);
    }
  }
  // Each lane has the sum of its own keys' weights: the lanes of a query put theirs together.
  workgroupBarrier();
  share(lane, (*softmax).total);
  workgroupBarrier();
  for (var i = 0u; i < ROWS; i++) {
    var total = 0.0;
    for (var x = 0u; x < WIDE; x++) { total += shared_by(lane, i, x); }
    (*softmax).total[i] = total;
  }
}

fn store_group(lane: Lane, g: u32, starts: Rows, there: array<bool, ROWS>, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  let col = g * WIDE + lane.x;
  for (var i = 0u; i < ROWS; i++) {
    if (there[i] && col < HEAD4) { y[starts[i] + col] = (*sums)[i * GROUPS + g] / (*softmax).total[i]; }
  }
}

// Rows of y, behind `before` others.
fn store(lane: Lane, before: u32, heads: u32, head: u32, rows: Rows, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  var starts: Rows;
  var there: array<bool, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    starts[i] = ((before + rows[i]) * heads + head) * HEAD4;
    there[i] = rows[i] != OUTSIDE;
  }
  store_group(lane, 0, starts, there, softmax, sums);
  if (GROUPS > 1) { store_group(lane, 1, starts, there, softmax, sums); }
  if (GROUPS > 2) { store_group(lane, 2, starts, there, softmax, sums); }
  if (GROUPS > 3) { store_group(lane, 3, starts, there, softmax, sums); }
}
