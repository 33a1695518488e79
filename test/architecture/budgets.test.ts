import { expect, test } from 'vitest';
import { BUNDLE_LIMIT, measureBundle } from '../../tools/budget-bundle.ts';
import { filesIn, readSource } from './source.ts';

const FOLDERS = ['src', 'shaders', 'app', 'weights-tools', 'bench', 'tools'];
const LONGEST = 500;
const MEDIAN = 120;

test('files are small: at most 500 lines, and the median is under 120', () => {
  const lengths = filesIn(FOLDERS, /\.(ts|wgsl|css|html)$/)
    .map((path) => ({ path, lines: readSource(path).trimEnd().split('\n').length }))
    .sort((a, b) => b.lines - a.lines);
  const median = lengths[Math.floor(lengths.length / 2)]?.lines ?? 0;
  const [longest] = lengths;
  console.log(
    `${lengths.length} files, median ${median} lines, longest ${longest?.lines} (${longest?.path})`,
  );
  expect(lengths.filter(({ lines }) => lines > LONGEST)).toEqual([]);
  expect(median).toBeLessThan(MEDIAN);
});

test('the core bundle, minified and gzipped, WGSL in it, is at most 60 KB', async () => {
  const { total, parts } = await measureBundle();
  const kb = (bytes: number) => (bytes / 1000).toFixed(1);
  console.log(
    `core bundle ${kb(total.raw)} KB, gzipped ${kb(total.gzip)} KB (${parts.map(({ name, gzip }) => `${name} ${kb(gzip)}`).join(', ')})`,
  );
  // All of it was measured: the engine's every layer, and the kernels as text.
  const names = parts.map(({ name }) => name);
  for (const part of ['shaders (WGSL)', 'gpu', 'graph', 'ops', 'nn', 'weights', 'models', 'tasks', 'web'])
    expect(names).toContain(part);
  expect(total.gzip).toBeLessThanOrEqual(BUNDLE_LIMIT);
});
