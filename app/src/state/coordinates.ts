import type { Box } from '../../../src/index.ts';
import type { PromptPoint } from './prompts.ts';

export type Typed =
  | { readonly kind: 'box'; readonly box: Box }
  | { readonly kind: 'point'; readonly point: PromptPoint }
  | { readonly kind: 'error'; readonly message: string };

/** The command line's words: `x0,y0,x1,y1` is a box, `x,y` a point, `x,y,0` a point outside of the object. */
export function parseCoordinates(text: string): Typed {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  const [a, b, c, d] = words.map(Number);
  if (words.length === 0 || words.length > 4 || words.some((word) => !Number.isFinite(Number(word))))
    return { kind: 'error', message: 'Type x0, y0, x1, y1 for a box; x, y for a point; x, y, 0 to exclude.' };
  if (a === undefined || b === undefined) return { kind: 'error', message: 'A point needs x and y.' };
  if (d !== undefined && c !== undefined) {
    if (c <= a || d <= b) return { kind: 'error', message: 'A box needs x0 < x1 and y0 < y1.' };
    return { kind: 'box', box: [a, b, c, d] };
  }
  if (c !== undefined && c !== 0 && c !== 1)
    return { kind: 'error', message: 'The third number of a point is 1 (inside) or 0 (outside).' };
  return { kind: 'point', point: { x: a, y: b, label: c === 0 ? 0 : 1 } };
}
