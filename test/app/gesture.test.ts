import { expect, test } from 'vitest';
import { markCorner, moveCursor, startCursor } from '../../app/src/viewer/cursor.ts';
import type { XY } from '../../app/src/viewer/geometry.ts';
import { type Hit, IDLE_GESTURE, move, type Press, press, release } from '../../app/src/viewer/gesture.ts';
import { hitTest } from '../../app/src/viewer/hit.ts';
import { meaningOf, wheelFactor } from '../../app/src/viewer/pointer.ts';

const size = { width: 100, height: 80 };
/** One picture pixel is two screen pixels. */
const picture = ({ x, y }: XY) => ({ x: x / 2, y: y / 2 });

function drag(from: XY, to: readonly XY[], hit: Hit | null = null, meaning: Press['meaning'] = 'include') {
  let step = press({ screen: from, picture: picture(from), hit, meaning });
  const effects = [step.effect];
  for (const at of to) {
    step = move(step.gesture, at, picture(at));
    effects.push(step.effect);
  }
  const last = release(step.gesture, size);
  expect(last.gesture).toBe(IDLE_GESTURE);
  return [...effects, last.effect].filter((effect) => effect !== undefined);
}

test('a click is a point, also where the hand trembles', () => {
  const point = { kind: 'add-point', at: { x: 10, y: 20 }, label: 1 };
  expect(drag({ x: 20, y: 40 }, [])).toEqual([point]);
  expect(drag({ x: 20, y: 40 }, [{ x: 22, y: 42 }])).toEqual([point]);
  expect(drag({ x: 20, y: 40 }, [], null, 'exclude')).toEqual([{ ...point, label: 0 }]);
});

test('a click beside the picture is nothing', () => {
  expect(drag({ x: -4, y: 40 }, [])).toEqual([]);
  expect(drag({ x: 200, y: 40 }, [])).toEqual([]);
});

test('a drag is a box from where it began', () => {
  const box = { kind: 'set-box', box: [10, 20, 50, 60] };
  expect(
    drag({ x: 20, y: 40 }, [
      { x: 60, y: 70 },
      { x: 100, y: 120 },
    ]),
  ).toEqual([box]);
});

test('a negative drag stays a negative click', () => {
  const effects = drag({ x: 20, y: 40 }, [{ x: 90, y: 90 }], null, 'exclude');
  expect(effects).toEqual([{ kind: 'add-point', at: { x: 10, y: 20 }, label: 0 }]);
});

test('a point is removed by a click and moved by a drag', () => {
  const hit: Hit = { kind: 'point', index: 3 };
  expect(drag({ x: 20, y: 40 }, [], hit)).toEqual([{ kind: 'remove-point', index: 3 }]);
  const moved = { kind: 'move-point', index: 3, to: { x: 40, y: 45 } };
  expect(drag({ x: 20, y: 40 }, [{ x: 80, y: 90 }], hit)).toEqual([moved]);
});

test('a corner of the box is dragged against the opposite one', () => {
  const hit: Hit = { kind: 'corner', opposite: { x: 70, y: 75 } };
  expect(drag({ x: 20, y: 40 }, [{ x: 60, y: 80 }], hit)).toEqual([
    { kind: 'set-box', box: [30, 40, 70, 75] },
  ]);
});

test('panning follows the pointer step by step', () => {
  const effects = drag(
    { x: 20, y: 40 },
    [
      { x: 25, y: 40 },
      { x: 25, y: 30 },
    ],
    null,
    'pan',
  );
  expect(effects).toEqual([
    { kind: 'pan', by: { x: 5, y: 0 } },
    { kind: 'pan', by: { x: 0, y: -10 } },
  ]);
});

test('buttons, keys and tools', () => {
  const event = { button: 0, shiftKey: false, altKey: false };
  expect(meaningOf(event, 'prompt', false)).toBe('include');
  expect(meaningOf({ ...event, button: 2 }, 'prompt', false)).toBe('exclude');
  expect(meaningOf({ ...event, shiftKey: true }, 'prompt', false)).toBe('exclude');
  expect(meaningOf({ ...event, altKey: true }, 'prompt', false)).toBe('exclude');
  expect(meaningOf(event, 'exclude', false)).toBe('exclude');
  expect(meaningOf(event, 'pan', false)).toBe('pan');
  expect(meaningOf({ ...event, button: 1 }, 'prompt', false)).toBe('pan');
  expect(meaningOf(event, 'prompt', true)).toBe('pan');
});

test('the topmost glyph within reach is hit, else a corner', () => {
  const camera = { scale: 2, x: 10, y: 0 };
  const points = [
    { x: 20, y: 20, label: 1 as const },
    { x: 21, y: 20, label: 0 as const },
  ];
  const prompts = { box: [50, 50, 90, 70] as const, points, choice: null };
  expect(hitTest(camera, prompts, { x: 51, y: 41 })).toEqual({ kind: 'point', index: 1 });
  expect(hitTest(camera, prompts, { x: 188, y: 138 })).toEqual({
    kind: 'corner',
    opposite: { x: 50, y: 50 },
  });
  expect(hitTest(camera, prompts, { x: 150, y: 120 })).toBeNull();
});

test('the wheel zooms in when it turns away, alike for pixels and lines', () => {
  expect(wheelFactor({ deltaY: -100, deltaMode: 0 })).toBeGreaterThan(1);
  expect(wheelFactor({ deltaY: 3, deltaMode: 1 })).toBeCloseTo(wheelFactor({ deltaY: 48, deltaMode: 0 }), 9);
});

test('the keyboard sets a box with two corners, both pixels included', () => {
  let cursor = startCursor(size);
  expect(cursor.at).toEqual({ x: 50, y: 40 });
  const first = markCorner(cursor);
  expect(first.box).toBeNull();
  cursor = moveCursor(moveCursor(first.cursor, { x: -10, y: 5 }, size), { x: 0, y: 1000 }, size);
  const second = markCorner(cursor);
  expect(second.box).toEqual([40, 40, 51, 80]);
  expect(second.cursor.corner).toBeNull();
});
