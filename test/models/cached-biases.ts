import type { WeightsJson } from '../weights/generated-weights.ts';

/**
 * The weights as TinyViT sees them when `eval()` comes before `load_state_dict`, as in MobileSAM's build_sam_vit_t:
 * each Attention keeps the table of biases of the moment it leaves training, which is still zero. The golden
 * sam2rad-vit-tiny was made so; test/fixtures/reference holds both readings of MobileSAM's own code. Sam2Rad's
 * evaluation loads first, and MobileSAM's README calls `eval()` again, so that trained tables count: the engine reads
 * them.
 */
export function withCachedBiases(weights: WeightsJson): WeightsJson {
  return Object.fromEntries(
    Object.entries(weights).map(([key, entry]) => [
      key,
      key.endsWith('.attn.attention_biases') ? { ...entry, offset: 0, scale: 0 } : entry,
    ]),
  );
}
