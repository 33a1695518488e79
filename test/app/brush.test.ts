import { expect, test } from 'vitest';
import { allowedBrushSize } from '../../app/src/state/brush-size.ts';
import { brushOf, placesOf } from '../../app/src/viewer/brush.ts';
import { meaningOf } from '../../app/src/viewer/pointer.ts';

test('the brush paints, and erases with Shift or the right button; the eraser erases', () => {
  const event = { button: 0, shiftKey: false, altKey: false };
  const does = (tool: 'brush' | 'eraser' | 'prompt', held: Partial<typeof event> = {}, space = false) =>
    brushOf(tool, meaningOf({ ...event, ...held }, tool, space));
  expect(does('brush')).toBe('paint');
  expect(does('brush', { shiftKey: true })).toBe('erase');
  expect(does('brush', { button: 2 })).toBe('erase');
  expect(does('eraser')).toBe('erase');
  expect(does('eraser', { button: 2 })).toBe('erase');
  expect([does('brush', { button: 1 }), does('brush', {}, true), does('prompt')]).toEqual([null, null, null]);
});

test('all places between two frames are asked for; where a browser tells none, the event has one', () => {
  const event = { clientX: 3, clientY: 4 };
  const between = [{ clientX: 1, clientY: 1 }, event];
  expect(placesOf({ ...event, getCoalescedEvents: () => between } as unknown as PointerEvent)).toBe(between);
  expect(placesOf({ ...event, getCoalescedEvents: () => [] } as unknown as PointerEvent)).toMatchObject([
    event,
  ]);
  expect(placesOf(event as PointerEvent)).toEqual([event]);
});

test('brushes grow and shrink by a pixel at least, within bounds', () => {
  expect([1, 2, 12, 119].map((size) => allowedBrushSize(size, 1.25))).toEqual([2, 3, 15, 120]);
  expect([1, 2, 12, 120].map((size) => allowedBrushSize(size, 0.8))).toEqual([1, 1, 10, 96]);
});
