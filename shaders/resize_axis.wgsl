// y[o, t, i] = sum_k weights[t, k] * x[first_outer + o, first[t] + k, i]: one axis of a map resized, with at most 3 taps
// One invocation computes one output.
//!import grid

struct Params {
  count: u32,
  first_outer: u32,
  before: u32,
  after: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;         // [outer and others, before, inner]
@group(0) @binding(2) var<storage, read> taps: array<vec4f>;    // [after, 4]: first input, weights
@group(0) @binding(3) var<storage, read_write> y: array<f32>;   // [outer, after, inner]: count values

override TAPS: u32 = 3;
override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.count) { return; }
  let line = at / params.inner;
  let tap = taps[line % params.after];
  let outer = params.first_outer + line / params.after;
  let base = (outer * params.before + u32(tap.x)) * params.inner + at % params.inner;
  var sum = tap.y * x[base];
  if (TAPS > 1) { sum = fma(tap.z, x[base + params.inner], sum); }
  if (TAPS > 2) { sum = fma(tap.w, x[base + 2 * params.inner], sum); }
  y[at] = sum;
}
