import { expect, test } from 'vitest';
import { print, type Recording } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { ALL_TRAITS, contextOf, MODELS, PLAIN, pictureRecordings, promptRecordings } from './models.ts';

/** Anything of WebGPU that a recording asked for would throw here. */
function withoutWebGpu<T>(work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const get = (): never => {
    throw new Error('a recording asked for navigator');
  };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, get });
  try {
    return work();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

/** A kernel's text may come late; all else that is recorded is data. */
const isLateText = (key: string, value: unknown) =>
  ['code', 'rewrite'].includes(key) && typeof value === 'function';

const isData = (value: unknown): boolean =>
  value === null ||
  ['number', 'string', 'boolean'].includes(typeof value) ||
  (typeof value === 'object' &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)) &&
    Object.entries(value).every(([key, part]) => isLateText(key, part) || isData(part)));

test.each(MODELS)(
  'invariant 5: every stage of %s is recorded, printed and planned without a device',
  (model) => {
    const recordings = withoutWebGpu(() => [
      ...ALL_TRAITS.flatMap((traits) => promptRecordings(contextOf(model, traits))),
      ...pictureRecordings(contextOf(model, PLAIN)),
    ]);
    const parts = new Set<unknown>();
    for (const recording of recordings) {
      expect(print(recording).split('\n')).toHaveLength(recording.dispatches.length);
      expect(plan(recording).peakBytes).toBeGreaterThan(0);
      for (const { kernel, operands, ...rest } of recording.dispatches) {
        for (const part of [kernel, rest, ...operands]) parts.add(part);
      }
    }
    expect([...parts].filter((part) => !isData(part))).toEqual([]);
  },
);

test('invariant 5: the same model recorded twice is the same recording, another one differs', () => {
  const record = (model: 'nano' | 'tiny', cpu = false) =>
    promptRecordings(contextOf(model, { cpu, subgroups: cpu }));
  const data = (recordings: readonly Recording[]) =>
    JSON.stringify(recordings.map(({ name, dispatches, outputs }) => [name, dispatches, [...outputs]]));
  expect(record('nano').map(print)).toEqual(record('nano').map(print));
  expect(data(record('nano'))).toBe(data(record('nano')));
  expect(record('nano').map(print)).not.toEqual(record('tiny').map(print));
  expect(record('nano').map(print)).not.toEqual(record('nano', true).map(print));
});
