// What kernels of attention with relative positions are told whose lanes own a row, and where that lies: a token of a window,
// whose number is z of the grid; y counts heads. For files with `params`.
struct Params {
  height: u32,          // of the map, in tokens
  width: u32,
  window_height: u32,   // H; W is WINDOW_WIDTH
  windows_x: u32,       // windows in a row of the map
  heads: u32,
  first_head: u32,      // of this dispatch
  q_stride: u32,        // strides, starts and paddings count vec4s; a row of q, k or v holds all heads
  q_start: u32,
  k_stride: u32,
  k_start: u32,
  v_stride: u32,
  v_start: u32,
  k_pad: u32,           // where k and v of a padding token begin
  v_pad: u32,
  scale: f32,
}

const WINDOW_WIDTH: u32 = 14;

struct Site {
  head: u32,
  corner: vec2u,  // column and row of the window's first token on the map
  own: vec2u,     // of the row in its window
  row: u32,       // on the map
  inside: bool,   // else it is padding, or past the window's end
}

fn site_of(token: u32, y: u32, z: u32) -> Site {
  let corner = vec2u(z % params.windows_x * WINDOW_WIDTH, z / params.windows_x * params.window_height);
  let own = vec2u(token % WINDOW_WIDTH, token / WINDOW_WIDTH);
  let at = corner + own;
  return Site(
    params.first_head + y,
    corner,
    own,
    at.y * params.width + at.x,
    own.y < params.window_height && at.x < params.width && at.y < params.height,
  );
}
