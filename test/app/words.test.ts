import { expect, test } from 'vitest';
import { describeResult } from '../../app/src/announce.ts';
import type { SceneResult } from '../../app/src/engine/protocol.ts';
import { adviceFor } from '../../app/src/view/browser.ts';
import { bytes, milliseconds, percent } from '../../app/src/view/format.ts';

test('numbers as people read them', () => {
  expect([0, 999, 1000, 24_500_000, 123_456_789, 2e9].map(bytes)).toEqual([
    ...['0 bytes', '999 bytes', '1.0 kB', '24.5 MB', '123 MB', '2.0 GB'],
  ]);
  expect([1.234, 12.6, 1643, 12_345].map(milliseconds)).toEqual(['1.2 ms', '13 ms', '1,643 ms', '12.3 s']);
  expect(percent(0.456)).toBe('46 %');
});

test("a screen reader hears each mask's area and score", () => {
  const results = [
    { classNumber: 1, area: 18_245, iou: 0.665 },
    { classNumber: 2, area: 0, iou: 0.1 },
  ] as unknown as SceneResult['results'];
  const classes = [{ name: 'Bone surface', visible: true }];
  expect(describeResult({ results } as SceneResult, classes)).toBe(
    'Mask updated. Bone surface: area 18,245 pixels, score 0.67. Class 2: nothing found.',
  );
});

test("without WebGPU the reader's own browser comes first, and all are named", () => {
  const first = (userAgent: string) => adviceFor(userAgent)[0]?.browser;
  expect(first('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe('Firefox');
  expect(first('Mozilla/5.0 AppleWebKit/537.36 Chrome/112.0.0.0 Safari/537.36 Edg/112')).toBe(
    'Chrome and Edge',
  );
  expect(first('Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/17.5 Safari/604.1')).toBe('Safari');
  expect(adviceFor('')).toHaveLength(3);
});
