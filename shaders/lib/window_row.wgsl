// Tokens lie row by row on a map; windows tile it from its top left corner. Sides are [width, height].
const OUTSIDE = 0xffffffffu;

// The row of token `at` of a window, or OUTSIDE where the window sticks out of the map.
fn window_row(at: u32, window: vec2u, side: vec2u, map: vec2u) -> u32 {
  let x = window.x * side.x + at % side.x;
  let y = window.y * side.y + at / side.x;
  return select(OUTSIDE, y * map.x + x, at < side.x * side.y && x < map.x && y < map.y);
}
