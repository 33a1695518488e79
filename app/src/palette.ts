import type { Colour } from '../../src/index.ts';

/** Apart for every kind of colour blindness (after Okabe and Ito), and light enough to be seen on grey. */
export const PALETTE: readonly Colour[] = [
  [86, 180, 233],
  [240, 170, 50],
  [40, 200, 150],
  [230, 140, 190],
  [240, 228, 66],
  [235, 110, 50],
  [160, 145, 245],
  [160, 220, 90],
  [225, 230, 235],
];

/** Any class number has a colour; after the ninth they repeat. */
function colorOf(classNumber: number): Colour {
  return PALETTE[(classNumber - 1) % PALETTE.length] ?? [255, 255, 255];
}

export function cssColor(classNumber: number): string {
  return `rgb(${colorOf(classNumber).join(' ')})`;
}
