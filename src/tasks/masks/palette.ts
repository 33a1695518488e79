import type { Colour } from '../../web/mask.ts';

/** Of class 1, 2, ...: apart for every kind of colour blindness (after Okabe and Ito), and light enough to be seen on grey. */
export const CLASS_COLOURS: readonly Colour[] = [
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
