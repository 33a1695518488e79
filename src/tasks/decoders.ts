import { notLoaded } from '../errors.ts';
import type { GraphTraits } from '../graph/graph.ts';
import type { FusedDecoder } from '../models/mask-decoder/fused.ts';
import type { ModelConfig } from '../weights/config.ts';

/**
 * The decoder in few dispatches, where that helps: software adapters are slower at barriers than at dispatches, and
 * low-rank terms keep the ops that know them.
 *
 * @throws UnsupportedError where the module cannot be loaded, which only a bundled page can meet
 */
export async function loadDecoder(
  { lora }: ModelConfig,
  { cpu }: GraphTraits,
): Promise<FusedDecoder | undefined> {
  if (cpu || lora) return undefined;
  try {
    return (await import('../models/mask-decoder/fused.ts')).fusedDecoder;
  } catch (cause) {
    throw notLoaded('the decoder', cause);
  }
}
