import type { ClassPrompts } from '../state/prompts.ts';
import { type Camera, corners, distance, pixelCentre, toScreen, type XY } from './geometry.ts';
import type { Hit } from './gesture.ts';

/** Within so many screen pixels of a glyph or corner the pointer has it: half of WCAG's 24-pixel target. */
const REACH = 12;

/** The topmost point, else a corner of the box, that the pointer is on. */
export function hitTest(camera: Camera, { box, points }: ClassPrompts, screen: XY): Hit | null {
  const near = (at: XY) => distance(toScreen(camera, at), screen) <= REACH;
  const index = points.findLastIndex((point) => near(pixelCentre(point)));
  if (index >= 0) return { kind: 'point', index };
  if (box === null) return null;
  const all = corners(box);
  const corner = all.findIndex(near);
  const opposite = all[(corner + 2) % 4];
  return corner < 0 || opposite === undefined ? null : { kind: 'corner', opposite };
}
