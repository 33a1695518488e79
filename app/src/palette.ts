import { CLASS_COLOURS } from '../../src/evaluation.ts';
import type { Colour } from '../../src/index.ts';

/** Any class number has a colour; after the ninth they repeat. */
function colorOf(classNumber: number): Colour {
  return CLASS_COLOURS[(classNumber - 1) % CLASS_COLOURS.length] ?? [255, 255, 255];
}

export function cssColor(classNumber: number): string {
  return `rgb(${colorOf(classNumber).join(' ')})`;
}
