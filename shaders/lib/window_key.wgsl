// A key of a window, and its products with a query. For files with q's `query` and dy's `outer` of a head in registers,
// `k`, `v` and `pad`, HEAD4, and their strides, starts and paddings in params.
struct Key {
  inside: bool,
  k_at: u32,
  v_at: u32,
}

fn key_at(x: u32, y: u32, head: u32) -> Key {
  let row = y * params.width + x;
  return Key(
    x < params.width && y < params.height,
    row * params.k_stride + params.k_start + head * HEAD4,
    row * params.v_stride + params.v_start + head * HEAD4,
  );
}

// q . k and dy . v
fn products(key: Key, head: u32) -> vec2f {
  var sums = vec2f();
  if (key.inside) {
    for (var c = 0u; c < HEAD4; c++) { sums += vec2f(dot(query[c], k[key.k_at + c]), dot(outer[c], v[key.v_at + c])); }
  } else {
    let k_pad = params.k_pad + head * HEAD4;
    let v_pad = params.v_pad + head * HEAD4;
    for (var c = 0u; c < HEAD4; c++) { sums += vec2f(dot(query[c], pad[k_pad + c]), dot(outer[c], pad[v_pad + c])); }
  }
  return sums;
}
