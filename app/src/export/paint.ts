import { CLASS_COLOURS } from '../../../src/evaluation.ts';
import { maskToImageData } from '../../../src/index.ts';
import type { SceneResult } from '../engine/protocol.ts';

/** The masks in their colours, without the hidden ones. @param visible one entry a class, in order. */
export function paintMasks(
  { classMap, width, height }: Pick<SceneResult, 'classMap' | 'width' | 'height'>,
  visible: readonly boolean[],
  opacity: number,
): ImageData {
  return maskToImageData(withoutHidden(classMap, visible), width, height, { colors: CLASS_COLOURS, opacity });
}

export function withoutHidden(classMap: Uint8Array, visible: readonly boolean[]): Uint8Array {
  if (visible.every((shown) => shown)) return classMap;
  return classMap.map((classNumber) => (visible[classNumber - 1] === false ? 0 : classNumber));
}
