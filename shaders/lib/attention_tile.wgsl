//!import product
// Attention as two products of tiles, scores = Q K^T and sums = P V, with a running softmax between them. A slot of
// WIDE x HIGH lanes has HIGH ROWS queries of one window and head, and walks the keys in tiles of 4 WIDE KEYS4. For files
// with `q`, `k`, `v`, `pad` and `y`, strides, starts, paddings and scale in `params`, and functions of a `Place`: `find_keys`
// sets key_rows and key_terms of a tile, `pair_terms` is what is added to the scores of a query and 4 keys. Lane (x, y) has the queries y, y + HIGH,
// ..., and the groups x, x + WIDE, ... of 4 keys in the first product and of 4 channels in the second.
const HEAD4: u32 = 16;   // vec4s in a head
const WIDE: u32 = 8;     // a power of two
const HIGH: u32 = 8;
const ROWS: u32 = 8;     // queries of a lane, at most WIDE: a lane has one query's softmax
const KEYS4: u32 = 1;    // groups of 4 keys of a lane, a power of two, at most HIGH
const VALUES: u32 = 16;  // keys whose values are in workgroup memory at once: 4 or more, a divisor of the tile's keys
const SLOTS: u32 = 1;    // in a workgroup

const LANES = WIDE * HIGH;
const QUERIES = HIGH * ROWS;
const TILE4 = WIDE * KEYS4;
const TILE = 4 * TILE4;
const GROUPS = (HEAD4 + WIDE - 1) / WIDE;
const STAGED = max(4 * (QUERIES + TILE), VALUES * HEAD4);

// 16 channels of all queries and keys, then channels of VALUES values: bytes 64 (QUERIES + TILE) or 16 VALUES HEAD4.
var<workgroup> parts: array<factors, SLOTS * STAGED>;
var<workgroup> weights: array<vec4f, SLOTS * QUERIES * TILE4>;  // scores, then e to them: [QUERIES, TILE4], 16 bytes each
var<workgroup> query_rows: array<u32, SLOTS * QUERIES>;
var<workgroup> key_rows: array<u32, SLOTS * TILE>;
var<workgroup> key_terms: array<vec4f, SLOTS * TILE4>;          // what is added to the scores of 4 keys
var<workgroup> factor: array<f32, SLOTS * QUERIES>;             // of a query's sums

alias Scores = array<vec4f, ROWS * KEYS4>;
alias Sums = array<vec4f, ROWS * GROUPS>;

const OUTSIDE = 0xffffffffu;
const LOWEST = -1e30f;  // below any score, and exp2 of a difference to it is 0 without an infinity
const LOG2E = 1.4426950408889634f;

struct Lane {
  x: u32,
  y: u32,
  own: u32,   // number in its slot
  slot: u32,
}

// Where column `col` of a row of `width` lies: turned row by row, so that neighbouring rows have it in different banks.
fn turned(row: u32, col: u32, width: u32) -> u32 {
  return row * width + ((col ^ (row * min(width, 8) / 8)) & (width - 1));
}

// 16 channels of the queries and of the tile's keys, from channel 4 c4 of a head on. A lane's 4 keys lie WIDE rows apart.
fn stage_channels(lane: Lane, head: u32, c4: u32) {
  for (var i = 0u; i < (4 * QUERIES + LANES - 1) / LANES; i++) {
    let at = i * LANES + lane.own;
    if (at < 4 * QUERIES) {
      let row = query_rows[lane.slot * QUERIES + at / 4];
      let c = head * HEAD4 + min(c4 + at % 4, HEAD4 - 1);
      let start = select(row, 0, row == OUTSIDE) * params.q_stride + params.q_start;
      parts[lane.slot * STAGED + turned(at / 4, at % 4, 4)] = staged(q[start + c]);
    }
  }
  for (var i = 0u; i < (4 * TILE + LANES - 1) / LANES; i++) {
    let at = i * LANES + lane.own;
    if (at < 4 * TILE) {
      let key = at / 4;
      let row = key_rows[lane.slot * TILE + key];
      let c = head * HEAD4 + min(c4 + at % 4, HEAD4 - 1);
      var four: vec4f;
      if (row == OUTSIDE) { four = pad[params.k_pad + c]; } else { four = k[row * params.k_stride + params.k_start + c]; }
      let place = (key / (4 * WIDE) * 4 + key % 4) * WIDE + key / 4 % WIDE;
      parts[lane.slot * STAGED + 4 * QUERIES + turned(place, at % 4, 4)] = staged(four);
    }
  }
}

fn add_scores(lane: Lane, c4: u32, scores: ptr<function, Scores>) {
  let queries = lane.slot * STAGED;
  let keys = queries + 4 * QUERIES;
  for (var step = 0u; step < 4; step++) {
    if (HEAD4 % 4 == 0 || c4 + step < HEAD4) {
      var columns: array<factors, 4 * KEYS4>;
      for (var g = 0u; g < KEYS4; g++) {
        let key0 = parts[keys + turned((4 * g) * WIDE + lane.x, step, 4)];
        let key1 = parts[keys + turned((4 * g + 1) * WIDE + lane.x, step, 4)];
        let key2 = parts[keys + turned((4 * g + 2) * WIDE + lane.x, step, 4)];
        let key3 = parts[keys + turned((4 * g + 3) * WIDE + lane.x, step, 4)];
        columns[4 * g] = factors(key0.x, key1.x, key2.x, key3.x);
        columns[4 * g + 1] = factors(key0.y, key1.y, key2.y, key3.y);
        columns[4 * g + 2] = factors(key0.z, key1.z, key2.z, key3.z);
        columns[4 * g + 3] = factors(key0.w, key1.w, key2.w, key3.w);
      }
      for (var i = 0u; i < ROWS; i++) {
        let query = parts[queries + turned(i * HIGH + lane.y, step, 4)];
        for (var g = 0u; g < KEYS4; g++) {
          let at = i * KEYS4 + g;
          (*scores)[at] = multiply_staged(columns[4 * g], columns[4 * g + 1], columns[4 * g + 2], columns[4 * g + 3], query, (*scores)[at]);
        }
      }
    }
  }
}

// The weights of query `own`, unnormalised, in the place of its scores, and what its sums so far must be multiplied by.
fn weigh(lane: Lane, highest: ptr<function, f32>, total: ptr<function, f32>) {
  if (lane.own >= QUERIES) { return; }
  let start = lane.slot * QUERIES * TILE4;
  var scores: array<vec4f, TILE4>;
  var top4 = vec4f(*highest);
  for (var col = 0u; col < TILE4; col++) {
    scores[col] = weights[start + turned(lane.own, col, TILE4)] + key_terms[lane.slot * TILE4 + col];
    top4 = max(top4, scores[col]);
  }
  let top = max(max(top4.x, top4.y), max(top4.z, top4.w));
  var sum = vec4f();
  for (var col = 0u; col < TILE4; col++) {
    let weight = exp2(scores[col] - top);
    weights[start + turned(lane.own, col, TILE4)] = weight;
    sum += weight;
  }
  let shrink = exp2(*highest - top);
  *total = fma(*total, shrink, sum.x + sum.y + sum.z + sum.w);
  *highest = top;
  factor[lane.slot * QUERIES + lane.own] = shrink;
}

// Values of VALUES keys of the tile, from key `first` on.
fn stage_values(lane: Lane, head: u32, first: u32) {
  for (var i = 0u; i < (VALUES * HEAD4 + LANES - 1) / LANES; i++) {
    let at = i * LANES + lane.own;
    if (at < VALUES * HEAD4) {
      let row = key_rows[lane.slot * TILE + first + at / HEAD4];
      let c = head * HEAD4 + at % HEAD4;
      var four: vec4f;
      if (row == OUTSIDE) { four = pad[params.v_pad + c]; } else { four = v[row * params.v_stride + params.v_start + c]; }
      parts[lane.slot * STAGED + at] = staged(four);
    }
  }
}

fn add_values(lane: Lane, first: u32, sums: ptr<function, Sums>) {
  for (var step = 0u; step < VALUES / 4; step++) {
    var four: array<factors, ROWS>;
    for (var i = 0u; i < ROWS; i++) {
      four[i] = staged(weights[lane.slot * QUERIES * TILE4 + turned(i * HIGH + lane.y, first / 4 + step, TILE4)]);
    }
    for (var g = 0u; g < GROUPS; g++) {
      let at = lane.slot * STAGED + 4 * step * HEAD4 + min(g * WIDE + lane.x, HEAD4 - 1);
      let value0 = parts[at];
      let value1 = parts[at + HEAD4];
      let value2 = parts[at + 2 * HEAD4];
      let value3 = parts[at + 3 * HEAD4];
      for (var i = 0u; i < ROWS; i++) {
        (*sums)[i * GROUPS + g] = multiply_staged(value0, value1, value2, value3, four[i], (*sums)[i * GROUPS + g]);
      }
    }
  }
}

// Where a softmax found a higher score, what was summed before shrinks.
fn rescale(lane: Lane, sums: ptr<function, Sums>) {
  for (var i = 0u; i < ROWS; i++) {
    let shrink = factor[lane.slot * QUERIES + i * HIGH + lane.y];
    if (shrink < 1.0) {
      for (var g = 0u; g < GROUPS; g++) { (*sums)[i * GROUPS + g] *= shrink; }
    }
  }
}

// The sums over a range of tiles, which is the same for all lanes of a workgroup, as `keys`, the number of all, is. Leaves in
// `total` and returns what a lane knows of the softmax of query `own`: the sum of weights, log2 of what they are relative to.
fn walk(lane: Lane, place: Place, head: u32, tiles: vec2u, keys: u32, total: ptr<function, f32>, sums: ptr<function, Sums>) -> f32 {
  var highest = LOWEST;
  for (var tile = tiles.x; tile < tiles.y; tile++) {
    find_keys(lane, place, tile);
    // Said, for it is in a loop: SwiftShader leaves what is not said as it was.
    var scores = Scores();
    for (var c4 = 0u; c4 < HEAD4; c4 += 4) {
      workgroupBarrier();
      stage_channels(lane, head, c4);
      workgroupBarrier();
      add_scores(lane, c4, &scores);
    }
    for (var i = 0u; i < ROWS; i++) {
      let query = i * HIGH + lane.y;
      for (var g = 0u; g < KEYS4; g++) {
        let col = g * WIDE + lane.x;
        let terms = pair_terms(lane, place, head, query, tile * TILE4 + col);
        weights[lane.slot * QUERIES * TILE4 + turned(query, col, TILE4)] = fma(scores[i * KEYS4 + g], vec4f(params.scale * LOG2E), terms);
      }
    }
    workgroupBarrier();
    // Keys past the end are left out, VALUES at a time.
    let some = min(TILE, keys - tile * TILE);
    for (var done = 0u; done < some; done += VALUES) {
      if (done > 0) { workgroupBarrier(); }
      stage_values(lane, head, done);
      if (done == 0) { weigh(lane, &highest, total); }
      workgroupBarrier();
      if (done == 0) { rescale(lane, sums); }
      add_values(lane, done, sums);
    }
  }
  workgroupBarrier();
  if (lane.own < QUERIES) { factor[lane.slot * QUERIES + lane.own] = 1.0 / (*total); }
  workgroupBarrier();
  return highest;
}

// Rows of y, behind `before` others.
fn store(lane: Lane, before: u32, heads: u32, head: u32, sums: ptr<function, Sums>) {
  for (var i = 0u; i < ROWS; i++) {
    let query = lane.slot * QUERIES + i * HIGH + lane.y;
    let row = query_rows[query];
    for (var g = 0u; g < GROUPS; g++) {
      let col = g * WIDE + lane.x;
      if (row != OUTSIDE && col < HEAD4) {
        y[((before + row) * heads + head) * HEAD4 + col] = (*sums)[i * GROUPS + g] * factor[query];
      }
    }
  }
}
