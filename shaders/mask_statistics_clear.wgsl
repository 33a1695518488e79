// statistics[k] = (0, 2^32 - 1, 2^32 - 1, 0, 0): what mask_statistics starts from, and leaves where a class has no pixel
// One invocation clears one row of five.

struct Params {
  rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> statistics: array<u32>;  // [rows, 5]

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows) { return; }
  let base = id.x * 5;
  statistics[base] = 0;
  statistics[base + 1] = 0xffffffffu;
  statistics[base + 2] = 0xffffffffu;
  statistics[base + 3] = 0;
  statistics[base + 4] = 0;
}
