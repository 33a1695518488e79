//!import product
// Attention as two products of tiles, scores = Q K^T and sums = P V, with a running softmax between them. A slot of
// WIDE x HIGH lanes has HIGH ROWS queries of one window and head, and walks the keys in tiles of 4 WIDE KEYS4. For files
// with `q`, `k`, `v`, `pad` and `y`, strides, starts, paddings and scale in `params`, and functions of a `Place`: `find_keys`
// sets key_rows and key_terms of a tile, `pair_terms` is what is added to the scores of a query and 4 keys. Lane (x, y) has the queries y, y + HIGH,
// ..., and the groups x, x + WIDE, ... of 4 keys in the first product and of 4 channels in the second. Queries come straight
// from storage: the WIDE lanes of a query read the same address, and the first cache has it from the tile before.
//
// Lanes are taken modulo WIDE and HIGH wherever they index workgroup memory: so the compiler can prove the index to be in range
// and leaves its clamp out.
const HEAD4: u32 = 16;    // vec4s in a head
const WIDE: u32 = 8;      // a power of two
const HIGH: u32 = 8;
const ROWS: u32 = 4;      // queries of a lane
const KEYS4: u32 = 1;     // groups of 4 keys of a lane, a power of two
const CHANNELS: u32 = 8;  // vec4s of channels of the keys that are in workgroup memory at once: a divisor of HEAD4
const VALUES: u32 = 16;   // keys whose values are there at once: 4 or more, a divisor of the tile's keys
const SLOTS: u32 = 1;     // in a workgroup

const LANES = WIDE * HIGH;
const QUERIES = HIGH * ROWS;
const TILE4 = WIDE * KEYS4;
const TILE = 4 * TILE4;
const GROUPS = (HEAD4 + WIDE - 1) / WIDE;
// Channels of a turn of the first product: drivers write out a loop so short, and loads of one overlap products of another.
const TOGETHER = select(select(1u, 2u, CHANNELS % 2 == 0), 4u, CHANNELS % 4 == 0);
const STAGED = max(4 * CHANNELS * TILE4, VALUES * HEAD4);

// Channels of the tile's keys, [4 CHANNELS, TILE4] of 4 keys each; then values, [VALUES, HEAD4].
var<workgroup> parts: array<vec4f, SLOTS * STAGED>;
var<workgroup> weights: array<vec4f, SLOTS * QUERIES * TILE4>;  // [QUERIES, TILE4] of 4 keys, columns turned by the row
var<workgroup> key_rows: array<u32, SLOTS * TILE>;
var<workgroup> key_terms: array<vec4f, SLOTS * TILE4>;          // what is added to the scores of 4 keys

alias Scores = array<vec4f, ROWS * KEYS4>;
alias Sums = array<vec4f, ROWS * GROUPS>;
alias Rows = array<u32, ROWS>;

// Of a lane's queries, each the same in the WIDE lanes that have it, but for `total`: there a lane has its own keys' part.
struct Softmax {
  highest: array<f32, ROWS>,  // score
  total: array<f32, ROWS>,    // of weights relative to it
}

const OUTSIDE = 0xffffffffu;
const LOWEST = -1e30f;  // below any score, and exp2 of a difference to it is 0 without an infinity
const LOG2E = 1.4426950408889634f;

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

fn key_at(row: u32, c: u32) -> vec4f {
  if (row == OUTSIDE) { return pad[params.k_pad + c]; }
  return k[row * params.k_stride + params.k_start + c];
}

// CHANNELS vec4s of the tile's keys, from vec4 `c4` of a head on: 4 keys by 4 channels are turned in registers.
fn stage_keys(lane: Lane, head: u32, c4: u32) {
  for (var i = 0u; i < (CHANNELS * TILE4 + LANES - 1) / LANES; i++) {
    let at = i * LANES + lane.own % LANES;
    if (at < CHANNELS * TILE4) {
      let col = at % TILE4;
      let c = head * HEAD4 + c4 + at / TILE4;
      let key = lane.slot % SLOTS * TILE + 4 * col;
      let turned = transpose(mat4x4f(
        key_at(key_rows[key], c), key_at(key_rows[key + 1], c), key_at(key_rows[key + 2], c), key_at(key_rows[key + 3], c),
      ));
      let to = lane.slot % SLOTS * STAGED + 4 * (at / TILE4) * TILE4 + col;
      parts[to] = turned[0];
      parts[to + TILE4] = turned[1];
      parts[to + 2 * TILE4] = turned[2];
      parts[to + 3 * TILE4] = turned[3];
    }
  }
}

// @param starts of the lane's queries' heads in q
fn add_scores(lane: Lane, starts: Rows, c4: u32, scores: ptr<function, Scores>) {
  for (var turn = 0u; turn < CHANNELS / TOGETHER; turn++) {
    for (var own = 0u; own < TOGETHER; own++) {
      let c = turn * TOGETHER + own;
      var four: array<vec4f, ROWS>;
      for (var i = 0u; i < ROWS; i++) { four[i] = q[starts[i] + c4 + c]; }
      for (var g = 0u; g < KEYS4; g++) {
        let base = lane.slot % SLOTS * STAGED + 4 * c * TILE4 + g * WIDE + lane.x % WIDE;
        let keys0 = parts[base];
        let keys1 = parts[base + TILE4];
        let keys2 = parts[base + 2 * TILE4];
        let keys3 = parts[base + 3 * TILE4];
        for (var i = 0u; i < ROWS; i++) {
          (*scores)[i * KEYS4 + g] = multiply(keys0, keys1, keys2, keys3, four[i], (*scores)[i * KEYS4 + g]);
        }
      }
    }
  }
}

// Weights of the scores, unnormalised, into workgroup memory, where the lanes of a query first tell each other their highest
// score; what was summed before shrinks where there is a higher one now.
fn weigh(lane: Lane, scores: ptr<function, Scores>, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  let first = lane.slot % SLOTS * QUERIES + lane.y % HIGH;
  for (var i = 0u; i < ROWS; i++) {
    var top = (*scores)[i * KEYS4];
    for (var g = 1u; g < KEYS4; g++) { top = max(top, (*scores)[i * KEYS4 + g]); }
    weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, lane.x) % TILE4] = top;
  }
  workgroupBarrier();
  var tops: array<f32, ROWS>;
  for (var i = 0u; i < ROWS; i++) {
    var top = vec4f((*softmax).highest[i]);
    for (var x = 0u; x < WIDE; x++) { top = max(top, weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, x) % TILE4]); }
    tops[i] = max(max(top.x, top.y), max(top.z, top.w));
  }
  workgroupBarrier();
  for (var i = 0u; i < ROWS; i++) {
    let shrink = exp2((*softmax).highest[i] - tops[i]);
    (*softmax).highest[i] = tops[i];
    var total = vec4f((*softmax).total[i] * shrink, 0.0, 0.0, 0.0);
    for (var g = 0u; g < KEYS4; g++) {
      let weight = exp2((*scores)[i * KEYS4 + g] - tops[i]);
      total += weight;
      weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, g * WIDE + lane.x) % TILE4] = weight;
    }
    (*softmax).total[i] = total.x + total.y + total.z + total.w;
    for (var g = 0u; g < GROUPS; g++) { (*sums)[i * GROUPS + g] *= shrink; }
  }
}

// Values of VALUES keys of the tile, from key `done` on.
fn stage_values(lane: Lane, head: u32, done: u32) {
  for (var i = 0u; i < (VALUES * HEAD4 + LANES - 1) / LANES; i++) {
    let at = i * LANES + lane.own % LANES;
    if (at < VALUES * HEAD4) {
      let row = key_rows[lane.slot % SLOTS * TILE + (done + at / HEAD4) % TILE];
      let c = head * HEAD4 + at % HEAD4;
      var four: vec4f;
      if (row == OUTSIDE) { four = pad[params.v_pad + c]; } else { four = v[row * params.v_stride + params.v_start + c]; }
      parts[lane.slot % SLOTS * STAGED + at] = four;
    }
  }
}

fn add_values(lane: Lane, done: u32, sums: ptr<function, Sums>) {
  let first = lane.slot % SLOTS * QUERIES + lane.y % HIGH;
  for (var step = 0u; step < VALUES / 4; step++) {
    var four: array<vec4f, ROWS>;
    for (var i = 0u; i < ROWS; i++) { four[i] = weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, done / 4 + step) % TILE4]; }
    for (var g = 0u; g < GROUPS; g++) {
      let base = lane.slot % SLOTS * STAGED + 4 * step * HEAD4 + min(g * WIDE + lane.x % WIDE, HEAD4 - 1);
      let value0 = parts[base];
      let value1 = parts[base + HEAD4];
      let value2 = parts[base + 2 * HEAD4];
      let value3 = parts[base + 3 * HEAD4];
      for (var i = 0u; i < ROWS; i++) {
        (*sums)[i * GROUPS + g] = multiply(value0, value1, value2, value3, four[i], (*sums)[i * GROUPS + g]);
      }
    }
  }
}

// The weighted sums of values over a range of tiles, which is the same for all lanes of a workgroup, as `keys`, the number of all, is.
fn walk(lane: Lane, place: Place, head: u32, rows: Rows, tiles: vec2u, keys: u32, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  var starts: Rows;
  for (var i = 0u; i < ROWS; i++) {
    starts[i] = select(rows[i], 0, rows[i] == OUTSIDE) * params.q_stride + params.q_start + head * HEAD4;
    (*softmax).highest[i] = LOWEST;
  }
  for (var tile = tiles.x; tile < tiles.y; tile++) {
    workgroupBarrier();
    find_keys(lane, place, tile);
    // Said, for it is in a loop: SwiftShader leaves what is not said as it was.
    var scores = Scores();
    for (var c4 = 0u; c4 < HEAD4; c4 += CHANNELS) {
      workgroupBarrier();
      stage_keys(lane, head, c4);
      workgroupBarrier();
      add_scores(lane, starts, c4, &scores);
    }
    for (var g = 0u; g < KEYS4; g++) {
      let col = g * WIDE + lane.x % WIDE;
      let terms = key_terms[lane.slot % SLOTS * TILE4 + col];
      for (var i = 0u; i < ROWS; i++) {
        let both = terms + pair_terms(place, head, rows[i], tile * TILE4 + col);
        scores[i * KEYS4 + g] = fma(scores[i * KEYS4 + g], vec4f(params.scale * LOG2E), both);
      }
    }
    weigh(lane, &scores, softmax, sums);
    // Keys past the end are left out, VALUES at a time.
    let some = min(TILE, keys - tile * TILE);
    for (var done = 0u; done < some; done += VALUES) {
      if (done > 0) { workgroupBarrier(); }
      stage_values(lane, head, done);
      workgroupBarrier();
      add_values(lane, done, sums);
    }
  }
  // Each lane has the sum of its own keys' weights: the lanes of a query put theirs together.
  let first = lane.slot % SLOTS * QUERIES + lane.y % HIGH;
  workgroupBarrier();
  for (var i = 0u; i < ROWS; i++) {
    weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, lane.x) % TILE4] = vec4f((*softmax).total[i]);
  }
  workgroupBarrier();
  for (var i = 0u; i < ROWS; i++) {
    var total = 0.0;
    for (var x = 0u; x < WIDE; x++) { total += weights[(first + i * HIGH) * TILE4 + turned(i * HIGH + lane.y, x) % TILE4].x; }
    (*softmax).total[i] = total;
  }
}

// Rows of y, behind `before` others.
fn store(lane: Lane, before: u32, heads: u32, head: u32, rows: Rows, softmax: ptr<function, Softmax>, sums: ptr<function, Sums>) {
  for (var i = 0u; i < ROWS; i++) {
    if (rows[i] != OUTSIDE) {
      let factor = 1.0 / (*softmax).total[i];
      for (var g = 0u; g < GROUPS; g++) {
        let col = g * WIDE + lane.x;
        if (col < HEAD4) { y[((before + rows[i]) * heads + head) * HEAD4 + col] = (*sums)[i * GROUPS + g] * factor; }
      }
    }
  }
}
