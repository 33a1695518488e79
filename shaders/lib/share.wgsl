// The values of all four lanes of a quad: column j is from lane (own lane xor j).
// Swaps, because a broadcast costs software adapters 30 instructions and a swap 4.
enable subgroups;

fn share(own: vec4f) -> mat4x4f {
  return mat4x4f(own, quadSwapX(own), quadSwapY(own), quadSwapDiagonal(own));
}
