//!import turns
// A point as SAM's prompt encoder sees it, as the formula of embed_points.wgsl. For files with coords, labels, gaussian and
// embeddings as there, whose Params have frequencies4, image_size and scale.
struct EmbeddedPoint {
  sine: vec4f,
  cosine: vec4f,
}

// The four frequencies `col` of a point; the label -1, not a point, has its embedding alone.
fn embedded_point(point: u32, col: u32) -> EmbeddedPoint {
  let place = 2.0 * (coords[point] * params.scale + 0.5) / params.image_size - 1.0;
  let turns = place.x * gaussian[col] + place.y * gaussian[params.frequencies4 + col];
  let label = clamp(i32(round(labels[point])), -1, 3);
  let known = select(0.0, 1.0, label >= 0);
  let embedding = u32(label + 1) * 2 * params.frequencies4 + col;
  return EmbeddedPoint(
    known * sin_turns4(turns, 0) + embeddings[embedding],
    known * sin_turns4(turns, 1) + embeddings[embedding + params.frequencies4],
  );
}
