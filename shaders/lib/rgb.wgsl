// Red, green and blue, 0 to 255, of a pixel packed as RGBA bytes, little-endian.
fn rgb_of(pixel: u32) -> vec3u {
  return (vec3u(pixel) >> vec3u(0, 8, 16)) & vec3u(255);
}
