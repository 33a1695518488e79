// y[r, c] = before[r, c] if ADD, plus each part[r, c - start] for which c is in start .. start + part's columns
// One invocation per 4 columns of a row.
//!import grid

struct Params {
  cols4: u32,       // of y
  part_cols4: u32,  // of every part
  start_a: u32,     // in vec4s
  start_b: u32,
  start_c: u32,
  outputs4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> before: array<vec4f>;   // [rows, cols], read if ADD is 1
@group(0) @binding(2) var<storage, read> a: array<vec4f>;        // [rows, part_cols]
@group(0) @binding(3) var<storage, read> b: array<vec4f>;        // [rows, part_cols], read if PARTS is above 1
@group(0) @binding(4) var<storage, read> c: array<vec4f>;        // [rows, part_cols], read if PARTS is 3
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;  // [rows, cols]

override LANES: u32 = 64;
override ADD: u32 = 0;
override PARTS: u32 = 1;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.outputs4) { return; }
  let row = at / params.cols4;
  // Left of a part these wrap to huge numbers.
  let col = vec3u(at % params.cols4) - vec3u(params.start_a, params.start_b, params.start_c);
  let holds = col < vec3u(params.part_cols4);
  let origin = row * params.part_cols4 + col;
  var sum = vec4f();
  if (ADD == 1) { sum = before[at]; }
  if (holds.x) { sum += a[origin.x]; }
  if (PARTS > 1 && holds.y) { sum += b[origin.y]; }
  if (PARTS > 2 && holds.z) { sum += c[origin.z]; }
  y[at] = sum;
}
