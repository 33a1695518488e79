// y[i] = the sum of 8 vec4s a step, iterations times over, that lane i reads from a tile of workgroup memory.
// Neighbours read neighbours (no bank is asked twice), each at an address that the compiler cannot know.
// Counted: 16 bytes a read; filling the tile and the store at the end are not.

struct Params {
  iterations: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;  // [invocations]

override LANES: u32 = 64;
const TILE: u32 = 256;

var<workgroup> tile: array<vec4f, 256>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < TILE; i += LANES) {
    tile[i] = vec4f(vec4u(i, i >> 1, i >> 2, i >> 3) & vec4u(1));
  }
  workgroupBarrier();
  var at = lane;
  var sum0 = vec4f(0);
  var sum1 = vec4f(0);
  var sum2 = vec4f(0);
  var sum3 = vec4f(0);
  for (var i = 0u; i < params.iterations; i++) {
    sum0 += tile[at & 255];
    sum1 += tile[(at + 32) & 255];
    sum2 += tile[(at + 64) & 255];
    sum3 += tile[(at + 96) & 255];
    sum0 += tile[(at + 128) & 255];
    sum1 += tile[(at + 160) & 255];
    sum2 += tile[(at + 192) & 255];
    sum3 += tile[(at + 224) & 255];
    at += params.stride;
  }
  y[id.x] = sum0 + sum1 + sum2 + sum3;
}
