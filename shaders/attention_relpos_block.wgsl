// y[t, h, :] = sum_u softmax_u(q[t, h, :] . (scale * k[u, h, :] + rel_h[t.y - u.y + H - 1, :] + rel_w[t.x - u.x + W - 1, :])) v[u, h, :]
// One invocation owns 4 queries of one head and walks the keys 4 at a time with a running softmax, so that a key is
// loaded once for 4 queries; their positional terms are computed before. For software adapters.
//
// Maps, windows, positions and padding as in attention_relpos.wgsl.

struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,   // H, at most WINDOW_HEIGHT; W is WINDOW_WIDTH
  windows_x: u32,       // windows in a row of the map
  heads: u32,
  first_head: u32,      // of this dispatch
  q_stride: u32,        // strides, starts and paddings count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  k_pad: u32,           // where k and v of a padding token begin
  v_pad: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [columns of a projection], read only if PAD is 1
@group(0) @binding(5) var<storage, read> rel_h: array<vec4f>;     // [2 H - 1, HEAD4], for all heads
@group(0) @binding(6) var<storage, read> rel_w: array<vec4f>;     // [2 W - 1, HEAD4]
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;   // [map, heads * HEAD4]

const HEAD4: u32 = 16;          // vec4s in a head
const WINDOW_HEIGHT: u32 = 14;
const WINDOW_WIDTH: u32 = 14;
override PAD: u32 = 0;          // 1 where windows stick out of the map
override LANES: u32 = 8;

const NOWHERE = 0xffffffffu;
const LOWEST = -1e30f;  // below any score, and exp of a difference to it is 0 without an infinity

// Of this lane's 4 queries, 4 channels each: row i of `query` and column i of `sum` belong to query i.
var<private> query: array<mat4x4f, HEAD4>;
var<private> sum: array<mat4x4f, HEAD4>;
// What the row and the column of a key add to its scores.
var<private> row_term: array<vec4f, WINDOW_HEIGHT>;
var<private> column_term: array<vec4f, WINDOW_WIDTH>;

fn load_query(c: u32, rows: vec4u, head: u32) {
  let at = params.q_start + head * HEAD4 + c;
  query[c] = transpose(mat4x4f(
    q[rows.x * params.q_stride + at],
    q[rows.y * params.q_stride + at],
    q[rows.z * params.q_stride + at],
    q[rows.w * params.q_stride + at],
  ));
  sum[c] = mat4x4f();
}

// The products of channels c of each query with a row of its own of a table.
fn products_of(c: u32, rows: mat4x4f) -> vec4f {
  let channels = transpose(rows);
  return query[c][0] * channels[0] + query[c][1] * channels[1] + query[c][2] * channels[2] + query[c][3] * channels[3];
}

fn height_term(rows: vec4u) -> vec4f {
  var term = vec4f();
  for (var c = 0u; c < HEAD4; c++) {
    let at = rows * HEAD4 + c;
    term += products_of(c, mat4x4f(rel_h[at.x], rel_h[at.y], rel_h[at.z], rel_h[at.w]));
  }
  return term;
}

fn width_term(rows: vec4u) -> vec4f {
  var term = vec4f();
  for (var c = 0u; c < HEAD4; c++) {
    let at = rows * HEAD4 + c;
    term += products_of(c, mat4x4f(rel_w[at.x], rel_w[at.y], rel_w[at.z], rel_w[at.w]));
  }
  return term;
}

// Padding takes the place of tokens outside of the map.
fn padded(own: mat4x4f, inside: vec4<bool>, pad_at: u32) -> mat4x4f {
  if (PAD == 0) { return own; }
  let padding = pad[pad_at];
  return mat4x4f(
    select(padding, own[0], inside.x),
    select(padding, own[1], inside.y),
    select(padding, own[2], inside.z),
    select(padding, own[3], inside.w),
  );
}

fn position_term(key_x: u32, key_y: u32) -> vec4f {
  return row_term[key_y] + column_term[key_x];
}

fn store(row: u32, head: u32, i: u32, factor: f32) {
  if (row == NOWHERE) { return; }
  let at = (row * params.heads + head) * HEAD4;
  for (var c = 0u; c < HEAD4; c++) { y[at + c] = sum[c][i] * factor; }
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let head = params.first_head + id.y;
  let x0 = id.z % params.windows_x * WINDOW_WIDTH;
  let y0 = id.z / params.windows_x * params.window_height;
  let keys = params.window_height * WINDOW_WIDTH;
  if (id.x * 4 >= keys) { return; }
  // Queries outside of the window or the map compute something that is never stored.
  let own = min(vec4u(0, 1, 2, 3) + id.x * 4, vec4u(keys - 1));
  let at_x = own % WINDOW_WIDTH;
  let at_y = own / WINDOW_WIDTH;
  let on_map = (at_x + x0 < vec4u(params.width)) & (at_y + y0 < vec4u(params.height));
  let stored = on_map & (vec4u(0, 1, 2, 3) + id.x * 4 < vec4u(keys));
  let rows = select(vec4u(), (at_y + y0) * params.width + at_x + x0, on_map);
  for (var c = 0u; c < HEAD4; c++) { load_query(c, rows, head); }
  for (var i = 0u; i < params.window_height; i++) { row_term[i] = height_term(at_y + (params.window_height - 1 - i)); }
  for (var i = 0u; i < WINDOW_WIDTH; i++) { column_term[i] = width_term(at_x + (WINDOW_WIDTH - 1 - i)); }

  var highest = vec4f(LOWEST);
  var weight_sum = vec4f();
  let k_head = params.k_start + head * HEAD4;
  let v_head = params.v_start + head * HEAD4;
  let k_pad = params.k_pad + head * HEAD4;
  let v_pad = params.v_pad + head * HEAD4;
  for (var u = 0u; u < keys; u += 4) {
    let key = min(vec4u(0, 1, 2, 3) + u, vec4u(keys - 1));
    let key_x = key % WINDOW_WIDTH;
    let key_y = key / WINDOW_WIDTH;
    let inside = (key_x + x0 < vec4u(params.width)) & (key_y + y0 < vec4u(params.height));
    let key_row = select(vec4u(), (key_y + y0) * params.width + key_x + x0, inside);
    let k_at = key_row * params.k_stride + k_head;
    let v_at = key_row * params.v_stride + v_head;

    var products = mat4x4f();
    for (var c = 0u; c < HEAD4; c++) {
      let columns = mat4x4f(k[k_at.x + c], k[k_at.y + c], k[k_at.z + c], k[k_at.w + c]);
      products += query[c] * padded(columns, inside, k_pad + c);
    }
    let scores = params.scale * products + mat4x4f(
      position_term(key_x.x, key_y.x),
      position_term(key_x.y, key_y.y),
      position_term(key_x.z, key_y.z),
      position_term(key_x.w, key_y.w),
    );
    // Keys past the end weigh nothing.
    let counts = vec4u(0, 1, 2, 3) + u < vec4u(keys);
    let valid = mat4x4f(
      select(vec4f(LOWEST), scores[0], counts.x),
      select(vec4f(LOWEST), scores[1], counts.y),
      select(vec4f(LOWEST), scores[2], counts.z),
      select(vec4f(LOWEST), scores[3], counts.w),
    );
    let top = max(highest, max(max(valid[0], valid[1]), max(valid[2], valid[3])));
    let shrink = exp(highest - top);
    let parts = mat4x4f(exp(valid[0] - top), exp(valid[1] - top), exp(valid[2] - top), exp(valid[3] - top));
    let weight = transpose(parts);
    highest = top;
    weight_sum = weight_sum * shrink + parts[0] + parts[1] + parts[2] + parts[3];
    for (var c = 0u; c < HEAD4; c++) {
      let old = sum[c];
      let columns = mat4x4f(v[v_at.x + c], v[v_at.y + c], v[v_at.z + c], v[v_at.w + c]);
      sum[c] = mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w)
        + padded(columns, inside, v_pad + c) * weight;
    }
  }
  let factor = 1.0 / weight_sum;
  store(select(NOWHERE, rows.x, stored.x), head, 0, factor.x);
  store(select(NOWHERE, rows.y, stored.y), head, 1, factor.y);
  store(select(NOWHERE, rows.z, stored.z), head, 2, factor.z);
  store(select(NOWHERE, rows.w, stored.w), head, 3, factor.w);
}
