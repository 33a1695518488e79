// The pixel shuffle of a 2x2 transposed convolution: a map [height / 2, width / 2, 2, 2, channels] read as
// [height, width, channels]. Gives which run of `channels` values is pixel `pixel` of the large map.
fn shuffled_pixel(pixel: u32, width: u32) -> u32 {
  let row = pixel / width;
  let col = pixel % width;
  return (row / 2 * (width / 2) + col / 2) * 4 + row % 2 * 2 + col % 2;
}
