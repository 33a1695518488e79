// (colour - mean) / std of a colour on 0 to 255; the fourth channel, which pads a pixel to 16 bytes, is 0.
// For files whose `Params` holds mean_r, mean_g, mean_b, std_r, std_g and std_b, on 0 to 255 too.
fn normalise(colour: vec3f) -> vec4f {
  let mean = vec3f(params.mean_r, params.mean_g, params.mean_b);
  let deviation = vec3f(params.std_r, params.std_g, params.std_b);
  return vec4f((colour - mean) / deviation, 0.0);
}
