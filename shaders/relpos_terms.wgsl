// terms[t, h, :] = log2(e) * (q[t, h, :] . rel_h[t.y - j + H - 1, :], j < H; then q[t, h, :] . rel_w[t.x - j + W - 1, :], j < W)
// One invocation computes the terms of 4 neighbours of a row of the map for 4 rows of their window, or of a column for 4 columns:
// all of them look at the same rows of the table.
//!late hardware
//!import product

struct Params {
  height: u32,         // of the map, in tokens
  width: u32,
  window_height: u32,  // H
  window_width: u32,   // W
  first_head: u32,     // of this dispatch
  q_stride: u32,       // stride and start count vec4s
  q_start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;             // [map, q_stride]
@group(0) @binding(2) var<storage, read> rel_h: array<vec4f>;         // [2 H - 1, HEAD4]
@group(0) @binding(3) var<storage, read> rel_w: array<vec4f>;         // [2 W - 1, HEAD4]
@group(0) @binding(4) var<storage, read_write> terms: array<vec4f>;   // [map, heads of this dispatch, H / 4 + W / 4, both rounded up]

const HEAD4: u32 = 16;  // vec4s in a head
override LANES: u32 = 64;

const LOG2E = 1.4426950408889634f;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  // In z of the grid there are the two axes: rows first.
  let down = id.z == 0;
  let map = vec2u(params.width, params.height);
  let sides = vec2u(params.window_width, params.window_height);
  let lines = select(map.x, map.y, down);
  let along = select(map.y, map.x, down);
  let side = select(sides.x, sides.y, down);
  let sides4 = (sides + 3) / 4;
  let side4 = select(sides4.x, sides4.y, down);
  let key = id.x % side4 * 4;
  let first = id.x / side4 % ((along + 3) / 4) * 4;
  let line = id.x / side4 / ((along + 3) / 4);
  if (line >= lines) { return; }

  var rows: array<u32, 4>;
  var sums: array<vec4f, 4>;
  var tables: array<u32, 4>;
  for (var i = 0u; i < 4; i++) {
    let at = min(first + i, along - 1);
    rows[i] = select(at * map.x + line, line * map.x + at, down);
    // Columns past the end belong to no key.
    tables[i] = (line % side + side - 1 - min(key + i, side - 1)) * HEAD4;
    sums[i] = vec4f();
  }
  let start = params.q_start + (params.first_head + id.y) * HEAD4;
  for (var c = 0u; c < HEAD4; c++) {
    var t: mat4x4f;
    if (down) {
      t = mat4x4f(rel_h[tables[0] + c], rel_h[tables[1] + c], rel_h[tables[2] + c], rel_h[tables[3] + c]);
    } else {
      t = mat4x4f(rel_w[tables[0] + c], rel_w[tables[1] + c], rel_w[tables[2] + c], rel_w[tables[3] + c]);
    }
    let columns = transpose(t);
    for (var i = 0u; i < 4; i++) {
      sums[i] = multiply(columns[0], columns[1], columns[2], columns[3], q[rows[i] * params.q_stride + start + c], sums[i]);
    }
  }
  for (var i = 0u; i < 4; i++) {
    if (first + i < along) {
      let base = (rows[i] * groups.y + id.y) * (sides4.x + sides4.y);
      terms[base + select(sides4.y, 0, down) + key / 4] = LOG2E * sums[i];
    }
  }
}
