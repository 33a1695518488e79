// y[t, h, :] = sum_u softmax_u(scale * q[t, h, :] . k[u, h, :]) v[u, h, :], over the tokens u of t's window
// One invocation owns 4 queries of one head and walks the keys 4 at a time with a running softmax, so that a key is
// loaded once for 4 queries. For software adapters without subgroups.
// llvmpipe ends a shader's loops after 65535 iterations in all: 4 keys a turn keep 4096 keys of 96 channels below it.
//
// Maps, windows and padding as in attention.wgsl.
//!late software

struct Params {
  queries: u32,         // tokens in a query window
  keys: u32,            // tokens in a key window
  windows_x: u32,       // windows in a row of the map
  windows: u32,         // windows on the map; z of the grid counts batch * windows
  query_width: u32,     // of the query map, its window and the map's height, in tokens
  query_height: u32,
  query_window: u32,    // window width; its height is queries / query_window
  key_width: u32,
  key_height: u32,
  key_window: u32,
  key_rows: u32,        // tokens of a batch entry of k and v
  q_stride: u32,        // strides and starts count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;         // [batch, query map, q_stride]
@group(0) @binding(2) var<storage, read> k: array<vec4f>;         // [batch, key map, k_stride]
@group(0) @binding(3) var<storage, read> v: array<vec4f>;         // [batch, key map, v_stride]
@group(0) @binding(4) var<storage, read> pad: array<vec4f>;       // [k_stride], read only if PAD is 1
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;   // [batch, query map, heads * HEAD4]

const HEAD4: u32 = 8;   // vec4s in a head, at most 24
override PAD: u32 = 0;  // 1 where windows stick out of the map
override LANES: u32 = 8;

const NOWHERE = 0xffffffffu;
const LOWEST = -1e30f;  // below any score, and exp of a difference to it is 0 without an infinity

// Of this lane's 4 queries, 4 channels each: row i of `query` and column i of `sum` belong to query i.
var<private> query: array<mat4x4f, HEAD4>;
var<private> sum: array<mat4x4f, HEAD4>;

// Row of q and y where query `at` of the window lies, or NOWHERE outside of the map.
fn query_row(at: u32, window: vec2u, batch: u32) -> u32 {
  let height = params.queries / params.query_window;
  let x = window.x * params.query_window + at % params.query_window;
  let y = window.y * height + at / params.query_window;
  let inside = at < params.queries && x < params.query_width && y < params.query_height;
  return select(NOWHERE, (batch * params.query_height + y) * params.query_width + x, inside);
}

fn load_query(c: u32, rows: vec4u, head: u32) {
  let at = params.q_start + head * HEAD4 + c;
  query[c] = params.scale * transpose(mat4x4f(
    q[rows.x * params.q_stride + at],
    q[rows.y * params.q_stride + at],
    q[rows.z * params.q_stride + at],
    q[rows.w * params.q_stride + at],
  ));
  sum[c] = mat4x4f();
}

// Channels c of 4 keys, a key a column; those outside of the map are padding.
fn load_keys(c: u32, inside: vec4<bool>, at: vec4u, pad_at: u32) -> mat4x4f {
  let own = mat4x4f(k[at.x + c], k[at.y + c], k[at.z + c], k[at.w + c]);
  if (PAD == 0) { return own; }
  let padding = pad[pad_at + c];
  return mat4x4f(
    select(padding, own[0], inside.x),
    select(padding, own[1], inside.y),
    select(padding, own[2], inside.z),
    select(padding, own[3], inside.w),
  );
}

fn load_values(c: u32, inside: vec4<bool>, at: vec4u, pad_at: u32) -> mat4x4f {
  let own = mat4x4f(v[at.x + c], v[at.y + c], v[at.z + c], v[at.w + c]);
  if (PAD == 0) { return own; }
  let padding = pad[pad_at + c];
  return mat4x4f(
    select(padding, own[0], inside.x),
    select(padding, own[1], inside.y),
    select(padding, own[2], inside.z),
    select(padding, own[3], inside.w),
  );
}

fn store(row: u32, heads: u32, head: u32, i: u32, factor: f32) {
  if (row == NOWHERE) { return; }
  let at = (row * heads + head) * HEAD4;
  for (var c = 0u; c < HEAD4; c++) { y[at + c] = sum[c][i] * factor; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let head = group.y;
  let batch = group.z / params.windows;
  let window = vec2u((group.z % params.windows) % params.windows_x, (group.z % params.windows) / params.windows_x);
  let first = (group.x * LANES + lane) * 4;
  if (first >= params.queries) { return; }
  let rows = vec4u(
    query_row(first, window, batch),
    query_row(first + 1, window, batch),
    query_row(first + 2, window, batch),
    query_row(first + 3, window, batch),
  );
  // Queries outside of the map compute something that is never stored.
  let inside_rows = select(rows, vec4u(), rows == vec4u(NOWHERE));
  for (var c = 0u; c < HEAD4; c++) { load_query(c, inside_rows, head); }

  var highest = vec4f(LOWEST);
  var weight_sum = vec4f();
  let k_pad = params.k_start + head * HEAD4;
  let v_pad = params.v_start + head * HEAD4;
  for (var u = 0u; u < params.keys; u += 4) {
    let own = min(vec4u(0, 1, 2, 3) + u, vec4u(params.keys - 1));
    let key_x = own % params.key_window + window.x * params.key_window;
    let key_y = own / params.key_window + window.y * (params.keys / params.key_window);
    let inside = (key_x < vec4u(params.key_width)) & (key_y < vec4u(params.key_height));
    let key_row = select(vec4u(), key_y * params.key_width + key_x, inside) + batch * params.key_rows;
    let k_at = key_row * params.k_stride + k_pad;
    let v_at = key_row * params.v_stride + v_pad;

    var scores = mat4x4f();
    for (var c = 0u; c < HEAD4; c++) { scores += query[c] * load_keys(c, inside, k_at, k_pad); }

    // Keys past the end weigh nothing.
    let counts = (vec4u(0, 1, 2, 3) + u) < vec4u(params.keys);
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
      sum[c] = mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w)
        + load_values(c, inside, v_at, v_pad) * weight;
    }
  }
  let factor = 1.0 / weight_sum;
  store(rows.x, groups.y, head, 0, factor.x);
  store(rows.y, groups.y, head, 1, factor.y);
  store(rows.z, groups.y, head, 2, factor.z);
  store(rows.w, groups.y, head, 3, factor.w);
}
