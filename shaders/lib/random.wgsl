// Four random words from four counters, of good quality in all bits: pcg4d of Jarzynski and Olano, "Hash Functions for
// GPU Rendering", Journal of Computer Graphics Techniques 9(3), 2020. Whole numbers, so the same on every device.
fn random_words4(counters: vec4u) -> vec4u {
  var v = counters * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v = v ^ (v >> vec4u(16));
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}
