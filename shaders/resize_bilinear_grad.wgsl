// dx[m, r, q] = sum_{R, Q} weight of x[m, r, q] in resize_bilinear.wgsl's y[m, R, Q] * dy[m, R, Q], + before[m, r, q]
// One invocation per value of x gathers from the outputs that may have read it: their places are fractions of whole
// numbers, so that bounds and weights are those of the forward.
//!import grid

struct Params {
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
  inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;        // [maps, out_height, out_width]
@group(0) @binding(2) var<storage, read> before: array<f32>;    // [maps, height, width], unused if ADD is 0
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;  // [maps, height, width]

override ADD: u32 = 0;
override LANES: u32 = 64;

// Twice out_length times the place that output `at` samples: (2 at + 1) length - out_length, not below 0.
fn place(at: u32, length: u32, out_length: u32) -> u32 {
  return max((2 * at + 1) * length, out_length) - out_length;
}

// The first output whose place is past input `at` - 1.
fn first_output(at: u32, length: u32, out_length: u32) -> u32 {
  if (at == 0) { return 0; }
  let reach = (2 * at - 1) * out_length;
  return select(0, (max(reach, length) - length) / (2 * length) + 1, reach >= length);
}

// One past the last output whose place is before input `at` + 1.
fn end_output(at: u32, length: u32, out_length: u32) -> u32 {
  let reach = (2 * at + 3) * out_length;
  return min(out_length, select(0, (max(reach, length + 1) - length - 1) / (2 * length) + 1, reach > length));
}

// How much of input `input` is in output `at`. The last input is read twice where there is no next.
fn weight(at: u32, input: u32, length: u32, out_length: u32) -> f32 {
  let sampled = place(at, length, out_length);
  let first = sampled / (2 * out_length);
  let part = f32(sampled % (2 * out_length)) / f32(2 * out_length);
  return select(0.0, 1.0 - part, first == input) + select(0.0, part, min(first + 1, length - 1) == input);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = flat_group(group, groups) * LANES + lane;
  if (at >= params.inputs) { return; }
  let row = at / params.width % params.height;
  let col = at % params.width;
  let map = at / params.width / params.height;
  let left = first_output(col, params.width, params.out_width);
  let right = end_output(col, params.width, params.out_width);

  let end = end_output(row, params.height, params.out_height);
  var sum = 0.0;
  for (var y = first_output(row, params.height, params.out_height); y < end; y++) {
    let base = (map * params.out_height + y) * params.out_width;
    var along = 0.0;
    for (var x = left; x < right; x++) { along = fma(weight(x, col, params.width, params.out_width), dy[base + x], along); }
    sum = fma(weight(y, row, params.height, params.out_height), along, sum);
  }
  if (ADD == 1) { sum += before[at]; }
  dx[at] = sum;
}
