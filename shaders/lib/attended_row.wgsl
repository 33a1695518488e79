// What a row of keys or values is read as, for lib/attention_tile and lib/attention_flash: vec4 `at` of its channels, or of a padding
// token's where windows stick out. For files with `k`, `v` and `pad`, strides, starts and paddings in `params`.
override PAD: u32 = 1;  // 1 where windows stick out of their map

const OUTSIDE = 0xffffffffu;
const LOWEST = -1e30f;  // below any score, and exp2 of a difference to it is 0 without an infinity
const LOG2E = 1.4426950408889634f;

fn key_at(row: u32, at: u32) -> vec4f {
  if (PAD == 1 && row == OUTSIDE) { return pad[params.k_pad + at]; }
  return k[row * params.k_stride + params.k_start + at];
}

fn value_at(row: u32, at: u32) -> vec4f {
  if (PAD == 1 && row == OUTSIDE) { return pad[params.v_pad + at]; }
  return v[row * params.v_stride + params.v_start + at];
}
