import type { MaskResult } from '../../../src/index.ts';

/**
 * One class map from masks that were predicted apart: where several contain a pixel, the one with the largest
 * logit has it; without logits, the later one.
 */
export function composeClassMap(
  masks: readonly { readonly classNumber: number; readonly result: Pick<MaskResult, 'mask' | 'logits'> }[],
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const map = new Uint8Array(width * height);
  const best = masks.length > 1 ? new Float32Array(width * height).fill(Number.NEGATIVE_INFINITY) : null;
  for (const { classNumber, result } of masks) {
    const { mask, logits } = result;
    for (let i = 0; i < map.length; i++) {
      if (!mask[i]) continue;
      const logit = logits?.[i] ?? 0;
      if (best !== null) {
        if (logit < (best[i] ?? 0)) continue;
        best[i] = logit;
      }
      map[i] = classNumber;
    }
  }
  return map;
}
