// The sum of terms over rows by 256 lanes, COLS4 groups of four columns beside each other: 256 / COLS4 lanes share out the
// rows of a group and add up their parts in workgroup memory, always in one order.
// For files that have term(row, col), the four terms of a row that stand at a group of columns, `before`, [cols], if ADD, and
// rows, cols4 and chunk, the rows that are summed at once, in `params`.
override COLS4: u32 = 8;  // a power of 2, at most 64
override ADD: u32 = 0;

var<workgroup> parts: array<vec4f, 256>;

// Past the end the last row is read again: what it has counts as 0.
fn term_before(end: u32, row: u32, col: u32) -> vec4f {
  return select(vec4f(), term(min(row, end - 1), col), row < end);
}

// `start` plus the terms of column col in the rows first to end: in lanes below COLS4, the others have parts.
fn sum_of_rows(lane: u32, col: u32, first: u32, end: u32, start: vec4f) -> vec4f {
  let apart = 256 / COLS4;
  var sum = start;
  // Eight at a time, of which none waits for another.
  for (var row = first + lane / COLS4; row < end; row += 8 * apart) {
    let t0 = term_before(end, row, col);
    let t1 = term_before(end, row + apart, col);
    let t2 = term_before(end, row + 2 * apart, col);
    let t3 = term_before(end, row + 3 * apart, col);
    let t4 = term_before(end, row + 4 * apart, col);
    let t5 = term_before(end, row + 5 * apart, col);
    let t6 = term_before(end, row + 6 * apart, col);
    let t7 = term_before(end, row + 7 * apart, col);
    sum += ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7));
  }
  parts[lane] = sum;
  workgroupBarrier();
  // Eight parts of each column are left, then one. No lane reads what another writes meanwhile.
  if (lane < 8 * COLS4) {
    for (var i = lane + 8 * COLS4; i < 256; i += 8 * COLS4) { sum += parts[i]; }
    parts[lane] = sum;
  }
  workgroupBarrier();
  if (lane < COLS4) {
    for (var i = lane + COLS4; i < min(8 * COLS4, 256); i += COLS4) { sum += parts[i]; }
  }
  return sum;
}

// The group of columns that a lane sums; past the last one there is nothing.
fn column_of(group: vec3u, lane: u32) -> u32 {
  return group.x * COLS4 + lane % COLS4;
}

// The sum over a chunk's rows, plus `before` if ADD: for the lanes below COLS4 to store.
fn sum_of_chunk(group: vec3u, lane: u32) -> vec4f {
  // Past the end the last column is summed again.
  let col = min(column_of(group, lane), params.cols4 - 1);
  let first = group.y * params.chunk;
  var start = vec4f();
  if (ADD == 1 && lane < COLS4) { start = before[col]; }
  return sum_of_rows(lane, col, first, min(first + params.chunk, params.rows), start);
}
