import { BRUSH_SIZES } from './options.ts';

/** A brush so many times as large: at least a pixel more or less, within what is allowed. */
export function allowedBrushSize(size: number, factor: number): number {
  const next = Math.round(size * factor);
  const moved = next === size ? size + Math.sign(factor - 1) : next;
  return Math.min(BRUSH_SIZES.most, Math.max(BRUSH_SIZES.least, moved));
}
