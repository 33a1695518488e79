import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from '../../weights-tools/node/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function record(stream: { isTTY?: boolean; columns?: number }, isQuiet = false) {
  const written: string[] = [];
  const progress = new Progress({ ...stream, write: (text) => written.push(text) }, isQuiet);
  /** Reports each share after the given time. */
  const work = (stepMs: number, ...shares: number[]) => {
    for (const share of shares) {
      vi.advanceTimersByTime(stepMs);
      progress.show('encoding', share);
    }
  };
  return { written, progress, work };
}

test('a terminal has one bar that is redrawn in place, within its width, and taken away at the end', () => {
  const { written, progress, work } = record({ isTTY: true, columns: 40 });
  work(100, 0, 0.5, 1);
  expect(written).toHaveLength(3);
  expect(written[1]).toMatch(/^\r█{12}░{12} {2}50 % encodin/);
  for (const text of written) expect(text.replace('\r', '').replace('\u001b[K', '').length).toBeLessThan(40);
  progress.clear();
  progress.clear();
  expect(written.slice(3)).toEqual(['\r\u001b[K']);
});

test('a log has a line for long work only, every few seconds', () => {
  const short = record({});
  short.work(100, 0.2, 0.6, 1);
  expect(short.written).toEqual([]);
  const long = record({});
  long.work(2000, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
  expect(long.written).toEqual(['encoding 30 %\n', 'encoding 60 %\n']);
  long.progress.clear();
  expect(long.written).toHaveLength(2);
});

test('with --json nothing is shown', () => {
  const { written, work } = record({ isTTY: true }, true);
  work(10_000, 0.5);
  expect(written).toEqual([]);
});
