// Queries, keys and values on their way into a workgroup's memory: what lib/attention_flash multiplies, whose constants and arrays
// these are.
alias Values = array<vec4f, 6>;  // of the steps s and, where there are 64 lanes, s + 8: 3 groups of channels each, as far as GROUPS goes

// What a lane has asked for and not yet handed on: 4 keys by 4 channels, and 4 queries. Of 128 lanes half ask for either.
struct Asked {
  keys: mat4x4f,
  queries: mat4x4f,
}

// Where the 4 steps that a lane turns at once lie: its own number among 4 lanes, and 4 further for each. Both products' operands
// agree on it, so nothing else needs to know.
fn step_at(index: u32, step: u32) -> u32 {
  return index % 4 + 4 * step;
}

// The key of the tile whose weights and values are in step `at`: a lane stores those of a group of 4 keys 8 steps apart, so that
// neighbouring lanes store side by side.
fn key_of(at: u32) -> u32 {
  return at / 32 * 32 + at % 8 * 4 + at % 32 / 8;
}

fn query_at(rows: vec4u, at: u32) -> mat4x4f {
  let starts = select(rows, vec4u(0), rows == vec4u(OUTSIDE)) * params.q_stride + params.q_start + at;
  return mat4x4f(q[starts.x], q[starts.y], q[starts.z], q[starts.w]);
}

fn keys_at(rows: vec4u, at: u32) -> mat4x4f {
  return mat4x4f(key_at(rows.x, at), key_at(rows.y, at), key_at(rows.z, at), key_at(rows.w, at));
}

// 4 queries or keys by the 4 channels of a lane, turned; zeros past the end of the head.
fn turned(four: mat4x4f, channel4: u32) -> mat4x4f {
  if (HEAD4 % 4 != 0 && channel4 >= HEAD4) { return mat4x4f(); }
  return transpose(four);
}

// The channels that a lane asks for, from vec4 `c4` of the head on.
fn asked(index: u32, head: u32, c4: u32, queries: vec4u, keys: vec4u) -> Asked {
  let at = head * HEAD4 + min(c4 + index % 4, HEAD4 - 1);
  var own: Asked;
  if (LANES == 128) {
    if (index < 64) { own.keys = keys_at(keys, at); } else { own.keys = query_at(queries, at); }
  } else {
    own.keys = keys_at(keys, at);
    if (index / 4 < HIGH) { own.queries = query_at(queries, at); }
  }
  return own;
}

fn stage_queries(index: u32, four: mat4x4f) {
  let row4 = index / 4 % HIGH;
  row_part[step_at(index, 0)][row4] = four[0];
  row_part[step_at(index, 1)][row4] = four[1];
  row_part[step_at(index, 2)][row4] = four[2];
  row_part[step_at(index, 3)][row4] = four[3];
}

fn stage_keys(index: u32, four: mat4x4f) {
  let key4 = index / 4 % KEYS4;
  column_part[step_at(index, 0)][key4] = four[0];
  column_part[step_at(index, 1)][key4] = four[1];
  column_part[step_at(index, 2)][key4] = four[2];
  column_part[step_at(index, 3)][key4] = four[3];
}

fn stage(index: u32, c4: u32, own: Asked) {
  let channel4 = c4 + index % 4;
  if (LANES == 128) {
    if (index < 64) { stage_keys(index, turned(own.keys, channel4)); } else { stage_queries(index, turned(own.keys, channel4)); }
  } else {
    stage_keys(index, turned(own.keys, channel4));
    if (index / 4 < HIGH) { stage_queries(index, turned(own.queries, channel4)); }
  }
}

fn load_row_values(index: u32, head: u32, at: u32, to: u32, own: ptr<function, Values>) {
  let key = key_of(at + index / 8 % 16);
  let row = key_rows[key / 4 % KEYS4][key % 4];
  let channel = vec3u(index % 8) + vec3u(0, 8, 16);
  let first = head * HEAD4 + min(channel, vec3u(HEAD4 - 1));
  (*own)[to] = value_at(row, first.x);
  if (GROUPS > 1) { (*own)[to + 1] = value_at(row, first.y); }
  if (GROUPS > 2) { (*own)[to + 2] = value_at(row, first.z); }
}

// A lane's part of the values of 16 steps from `at` on.
fn load_values(index: u32, head: u32, at: u32, own: ptr<function, Values>) {
  load_row_values(index, head, at, 0, own);
  if (LANES == 64) { load_row_values(index, head, at + 8, 3, own); }
}

fn stage_values(index: u32, own: Values) {
  let step = index / 8 % (LANES / 8);
  let col = index % 8;
  column_part[step][col] = own[0];
  if (GROUPS > 1) { column_part[step][col + 8] = own[1]; }
  if (GROUPS > 2) { column_part[step][col + 16] = own[2]; }
  if (LANES == 64) {
    let further = (step + 8) % 16;
    column_part[further][col] = own[3];
    if (GROUPS > 1) { column_part[further][col + 8] = own[4]; }
    if (GROUPS > 2) { column_part[further][col + 16] = own[5]; }
  }
}
