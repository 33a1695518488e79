// A quad of lanes has a row in common.
enable subgroups;
// The lanes of a quad have one row, so they leave together.
diagnostic(off, subgroup_uniformity);
const PARTS = 4u;

fn whole(own: vec2f) -> vec2f {
  let pair = own + quadSwapX(own);
  return pair + quadSwapY(pair);
}
