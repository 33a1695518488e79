import type { Box } from '../../../src/index.ts';
import { boxBetween, distance, pixelAt, type Size, type XY } from './geometry.ts';

/** What the pointer is on: a point's glyph, or a corner of the box (its opposite corner stays where it is). */
export type Hit =
  | { readonly kind: 'point'; readonly index: number }
  | { readonly kind: 'corner'; readonly opposite: XY };

export interface Press {
  readonly screen: XY;
  readonly picture: XY;
  readonly hit: Hit | null;
  /** include, exclude and pan: what a click or drag here means, by button, modifier keys and tool. */
  readonly meaning: 'include' | 'exclude' | 'pan';
}

export type Gesture =
  | { readonly kind: 'idle' }
  /** Down, but not moved far enough to be a drag. */
  | { readonly kind: 'pressed'; readonly press: Press }
  | { readonly kind: 'box'; readonly from: XY; readonly to: XY }
  | { readonly kind: 'moving'; readonly index: number; readonly to: XY }
  | { readonly kind: 'panning'; readonly last: XY };

/** What a gesture does: the viewer carries it out. */
export type Effect =
  | { readonly kind: 'add-point'; readonly at: XY; readonly label: 0 | 1 }
  | { readonly kind: 'remove-point'; readonly index: number }
  | { readonly kind: 'move-point'; readonly index: number; readonly to: XY }
  | { readonly kind: 'set-box'; readonly box: Box }
  | { readonly kind: 'pan'; readonly by: XY };

export interface Step {
  readonly gesture: Gesture;
  readonly effect?: Effect;
}

/** A hand trembles: a pointer that stays within so many screen pixels has clicked, not dragged. */
const SLOP = 4;
export const IDLE_GESTURE: Gesture = { kind: 'idle' };

export function press(press: Press): Step {
  if (press.meaning === 'pan') return { gesture: { kind: 'panning', last: press.screen } };
  return { gesture: { kind: 'pressed', press } };
}

export function move(gesture: Gesture, screen: XY, picture: XY): Step {
  switch (gesture.kind) {
    case 'idle':
      return { gesture };
    case 'panning': {
      const by = { x: screen.x - gesture.last.x, y: screen.y - gesture.last.y };
      return { gesture: { kind: 'panning', last: screen }, effect: { kind: 'pan', by } };
    }
    case 'box':
      return { gesture: { ...gesture, to: picture } };
    case 'moving':
      return { gesture: { ...gesture, to: picture } };
    case 'pressed': {
      const { hit, meaning, ...start } = gesture.press;
      if (distance(start.screen, screen) <= SLOP) return { gesture };
      if (hit?.kind === 'point') return { gesture: { kind: 'moving', index: hit.index, to: picture } };
      if (hit?.kind === 'corner') return { gesture: { kind: 'box', from: hit.opposite, to: picture } };
      // A negative drag has no meaning; it stays a click at the place where it began.
      if (meaning === 'exclude') return { gesture };
      return { gesture: { kind: 'box', from: start.picture, to: picture } };
    }
  }
}

export function release(gesture: Gesture, picture: Size): Step {
  const done = { gesture: IDLE_GESTURE };
  switch (gesture.kind) {
    case 'idle':
    case 'panning':
      return done;
    case 'pressed': {
      const { hit, meaning, picture: at } = gesture.press;
      if (hit?.kind === 'point') return { ...done, effect: { kind: 'remove-point', index: hit.index } };
      if (at.x < 0 || at.y < 0 || at.x >= picture.width || at.y >= picture.height) return done;
      const label = meaning === 'exclude' ? 0 : 1;
      return { ...done, effect: { kind: 'add-point', at: pixelAt(at, picture), label } };
    }
    case 'box': {
      const box = boxBetween(gesture.from, gesture.to, picture);
      return box === null ? done : { ...done, effect: { kind: 'set-box', box } };
    }
    case 'moving':
      return {
        ...done,
        effect: { kind: 'move-point', index: gesture.index, to: pixelAt(gesture.to, picture) },
      };
  }
}
