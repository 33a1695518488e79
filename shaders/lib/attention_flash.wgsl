//!import product_step
//!import attended_row
//!import flash_staging
// Attention as two products of tiles with a running softmax between them (FlashAttention, Dao et al. 2022). 8 x HIGH lanes have
// 4 HIGH queries of one window and head and walk its keys 64 at a time: scores = Q K^T by 16 channels at a time, then sums += P V by
// 16 keys. For files with `q`, `k`, `v`, `pad` and `y`, strides, starts, paddings and scale in `params`, and functions of a
// `Place`: what `row_of` says of its queries, and of a group of 4 keys, counted from the first, `rows_of`, their rows in k and v,
// `key_terms`, what is added to their scores, and `pair_terms`, what is added to those of one query.
//
// Lane (x, y) has the queries 4 y to 4 y + 3, in the first product the groups x and x + 8 of 4 keys, in the second the groups x, x + 8
// and x + 16 of 4 channels. Scores of a key are a vec4 of queries from then on: what the softmax asks of a query, it asks of four at
// once, and weights lie as the second product reads them.
//
// Weights pass through memory in two halves, near and far, those of the groups x and x + 8: workgroups that share a processor hide
// each other's loads, and an H200 gives all of them 48 KiB together (bench/NOTES.md, section 2).
const HEAD4: u32 = 24;  // vec4s in a head: 24 at most
const HIGH: u32 = 8;    // lanes down: 8 or 16
const RAGGED: u32 = 0;  // 1 where a window's last queries leave warps without any, or its last tile has 32 keys or fewer: neither is multiplied

const LANES = 8 * HIGH;
const QUERIES = 4 * HIGH;
const KEYS4 = 16u;              // groups of 4 keys in a tile
const KEYS = 4 * KEYS4;
const HALF = KEYS / 2;
const GROUPS = (HEAD4 + 7) / 8; // of 4 channels, of a lane

// Rows are two vec4s longer than they need be, and steps lie in the order of `step_at`: so what 8 lanes store at once lies in
// different banks.
var<workgroup> row_part: array<array<vec4f, HIGH + 2>, HALF>;  // [16 channels, groups of 4 queries]; then weights, [32 keys, ...]
var<workgroup> column_part: array<array<vec4f, 26>, 16>;       // [16 channels, groups of 4 keys]; then values, [16 keys, HEAD4]
var<workgroup> lane_parts: array<array<vec4f, 8>, HIGH>;       // of 4 queries: the highest scores or the totals of each lane's keys
var<workgroup> query_rows: array<vec4u, HIGH>;                 // in q, or OUTSIDE
var<workgroup> key_rows: array<vec4u, KEYS4>;                  // of the tile

// Of 4 queries, each the same in the 8 lanes that have them, but for `total`: until the end a lane has its own keys' part there.
struct Softmax {
  highest: vec4f,  // score
  total: vec4f,    // of weights relative to it
}

// Of the step `at` in row_part and `step` in column_part.
fn multiply_step(groups: u32, at: u32, step: u32, lane: vec2u, sums: ptr<function, Partials>) {
  let x = lane.x % 8;
  let rows = row_part[at][lane.y % HIGH];
  add_step(1, groups, rows, rows, column_part[step][x], column_part[step][x + 8], column_part[step][x + 16], sums);
}

fn multiply_steps(groups: u32, from_row: u32, step: u32, lane: vec2u, sums: ptr<function, Partials>) {
  let at = from_row / 16 % 2 * 16 + step;
  multiply_step(groups, at, step, lane, sums);
  multiply_step(groups, at + 1, step + 1, lane, sums);
  multiply_step(groups, at + 2, step + 2, lane, sums);
  multiply_step(groups, at + 3, step + 3, lane, sums);
}

// Adds 16 steps, all written out. `groups` of columns is a literal; weights are from `from_row`, a multiple of 16, on.
fn multiply_parts(groups: u32, from_row: u32, lane: vec2u, sums: ptr<function, Partials>) {
  multiply_steps(groups, from_row, 0, lane, sums);
  multiply_steps(groups, from_row, 4, lane, sums);
  multiply_steps(groups, from_row, 8, lane, sums);
  multiply_steps(groups, from_row, 12, lane, sums);
}

// The near keys of a tile, and the far ones where the window has any there.
fn multiply_keys(far: bool, lane: vec2u, scores: ptr<function, Partials>) {
  if (RAGGED == 0 || far) { multiply_parts(2, 0, lane, scores); } else { multiply_parts(1, 0, lane, scores); }
}

// What is added to the scores of 4 queries for a group of 4 keys.
fn terms_of(place: Place, head: u32, rows: vec4u, keys4: u32) -> mat4x4f {
  let alike = key_terms(place, keys4);
  return mat4x4f(
    alike + pair_terms(place, head, rows.x, keys4),
    alike + pair_terms(place, head, rows.y, keys4),
    alike + pair_terms(place, head, rows.z, keys4),
    alike + pair_terms(place, head, rows.w, keys4),
  );
}

fn highest_of(four: mat4x4f) -> vec4f {
  return max(max(four[0], four[1]), max(four[2], four[3]));
}

// What each lane of 4 queries has of them, for its other lanes to see.
fn share(lane: vec2u, own: vec4f) {
  lane_parts[lane.y % HIGH][lane.x % 8] = own;
}

// Weights of a lane's 4 keys by 4 queries into workgroup memory.
fn store_weights(lane: vec2u, four: mat4x4f) {
  let at = lane.x % 8;
  row_part[at][lane.y % HIGH] = four[0];
  row_part[at + 8][lane.y % HIGH] = four[1];
  row_part[at + 16][lane.y % HIGH] = four[2];
  row_part[at + 24][lane.y % HIGH] = four[3];
}

fn shrunk(four: mat4x4f, by: vec4f) -> mat4x4f {
  return mat4x4f(four[0] * by.x, four[1] * by.y, four[2] * by.z, four[3] * by.w);
}

fn powers(four: mat4x4f, top: vec4f) -> mat4x4f {
  return mat4x4f(exp2(four[0] - top), exp2(four[1] - top), exp2(four[2] - top), exp2(four[3] - top));
}

fn highest_seen(lane: vec2u, before: vec4f) -> vec4f {
  var top = before;
  for (var x = 0u; x < 8; x++) { top = max(top, lane_parts[lane.y % HIGH][x]); }
  return top;
}

fn sum_of(four: mat4x4f) -> vec4f {
  return four[0] + four[1] + (four[2] + four[3]);
}

// The weighted sums of values over a range of tiles, which is the same for all lanes, as `keys`, the number of all, is.
// @param first query
fn walk(index: u32, place: Place, head: u32, first: u32, tiles: vec2u, keys: u32, softmax: ptr<function, Softmax>, sums: ptr<function, Partials>) {
  let lane = lane_at(index);
  let to_log2 = params.scale * LOG2E;
  let from_log2 = 1.0 / to_log2;
  *softmax = Softmax(vec4f(LOWEST), vec4f());
  let query_four = four_rows(place, first + index / 4 % HIGH * 4);
  if (index % 4 == 0 && index < 4 * HIGH) { query_rows[index / 4 % HIGH] = query_four; }
  workgroupBarrier();
  for (var tile = tiles.x; tile < tiles.y; tile++) {
    let key_four = rows_of(place, tile * KEYS4 + index / 4 % KEYS4);
    var own = asked(index, head, 0, query_four, key_four);
    // What is added to the scores is where they start.
    let keys4 = tile * KEYS4 + lane.x;
    let rows = query_rows[lane.y % HIGH];
    let idle = RAGGED == 1 && rows.x == OUTSIDE;
    var scores: Partials;
    scores[0] = terms_of(place, head, rows, keys4) * from_log2;
    scores[1] = terms_of(place, head, rows, keys4 + 8) * from_log2;
    for (var c4 = 0u; c4 < HEAD4; c4 += 4) {
      workgroupBarrier();
      if (c4 == 0 && index % 4 == 0 && index < 64) { key_rows[index / 4 % KEYS4] = key_four; }
      stage(index, c4, own);
      workgroupBarrier();
      // What comes next is on its way while this is multiplied.
      if (c4 + 4 < HEAD4) { own = asked(index, head, c4 + 4, query_four, key_four); }
      if (!idle) { multiply_keys(keys - tile * KEYS > HALF, lane, &scores); }
    }
    // They arrive behind the softmax.
    var values: Values;
    load_values(index, head, 0, &values);
    let near_scores = transpose(scores[0] * to_log2);
    let far_scores = transpose(scores[1] * to_log2);
    share(lane, max(highest_of(near_scores), highest_of(far_scores)));
    workgroupBarrier();
    let top = highest_seen(lane, (*softmax).highest);
    let near = powers(near_scores, top);
    let far = powers(far_scores, top);
    store_weights(lane, near);
    let shrink = exp2((*softmax).highest - top);
    *softmax = Softmax(top, fma((*softmax).total, shrink, sum_of(near + far)));
    (*sums)[0] = shrunk((*sums)[0], shrink);
    if (GROUPS > 1) { (*sums)[1] = shrunk((*sums)[1], shrink); }
    if (GROUPS > 2) { (*sums)[2] = shrunk((*sums)[2], shrink); }
    // Keys past the end are left out, 32 at a time.
    let some = min(KEYS, keys - tile * KEYS + HALF - 1) / HALF * HALF;
    for (var done = 0u; done < some; done += 16) {
      if (done > 0) { workgroupBarrier(); }
      if (done == HALF) { store_weights(lane, far); }
      stage_values(index, values);
      workgroupBarrier();
      if (done + 16 < some) { load_values(index, head, done + 16, &values); }
      if (!idle) { multiply_parts(GROUPS, done, lane, sums); }
    }
  }
  // Each lane has the sum of its own keys' weights: the lanes of a query put theirs together.
  workgroupBarrier();
  share(lane, (*softmax).total);
  workgroupBarrier();
  (*softmax).total = vec4f();
  for (var x = 0u; x < 8; x++) { (*softmax).total += lane_parts[lane.y % HIGH][x]; }
}

fn store_four(rows: vec4u, before: u32, heads: u32, at: u32, col: u32, four: mat4x4f, totals: vec4f) {
  if (col >= HEAD4) { return; }
  if (rows.x != OUTSIDE) { y[(before + rows.x) * heads * HEAD4 + at + col] = four[0] / totals.x; }
  if (rows.y != OUTSIDE) { y[(before + rows.y) * heads * HEAD4 + at + col] = four[1] / totals.y; }
  if (rows.z != OUTSIDE) { y[(before + rows.z) * heads * HEAD4 + at + col] = four[2] / totals.z; }
  if (rows.w != OUTSIDE) { y[(before + rows.w) * heads * HEAD4 + at + col] = four[3] / totals.w; }
}

// Rows of y, behind `before` others.
fn store(index: u32, before: u32, heads: u32, head: u32, softmax: Softmax, sums: Partials) {
  let lane = lane_at(index);
  let at = head * HEAD4;
  let rows = query_rows[lane.y % HIGH];
  store_four(rows, before, heads, at, lane.x, sums[0], softmax.total);
  if (GROUPS > 1) { store_four(rows, before, heads, at, lane.x + 8, sums[1], softmax.total); }
  if (GROUPS > 2) { store_four(rows, before, heads, at, lane.x + 16, sums[2], softmax.total); }
}

// Rows of 4 queries from `first` on: what the file's `row_of` says of each.
fn four_rows(place: Place, first: u32) -> vec4u {
  return vec4u(row_of(place, first), row_of(place, first + 1), row_of(place, first + 2), row_of(place, first + 3));
}
