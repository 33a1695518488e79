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

const bundle = await measureBundle();
const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;

test('the core bundle, minified and gzipped, WGSL in it, is at most 60 KB', () => {
  const { core, late, parts } = bundle;
  const list = (some: typeof parts) => some.map(({ name, gzip }) => `${name} ${kb(gzip)}`).join(', ');
  console.log(
    `core bundle ${kb(core.raw)}, gzipped ${kb(core.gzip)}; late chunks ${list(late)}; in all ${list(parts)}`,
  );
  // All of it was measured: the engine's every layer, and the kernels as text.
  const names = parts.map(({ name }) => name);
  for (const part of ['shaders (WGSL)', 'gpu', 'graph', 'ops', 'nn', 'weights', 'models', 'tasks', 'web'])
    expect(names).toContain(part);
  expect(core.gzip).toBeLessThanOrEqual(BUNDLE_LIMIT);
});

test('a page carries the family of its model alone, and the readers of torch files, the tuner and the kernels of its kind of device where it has use for them', () => {
  const FAMILY = /^src\/models\/(hiera|vit|tinyvit)\//;
  const TORCH = /^src\/weights\/(torch|pickle|zip)\b/;
  const TUNER = ['tasks/stopwatch', 'tasks/kept-tuning', 'tasks/contests', 'tasks/tune', 'tasks/race'];
  const ALONE: Readonly<Record<string, readonly string[]>> = {
    hardware: ['src/generated/late/hardware.ts'],
    software: ['src/generated/late/software.ts'],
    tune: [...TUNER, 'tasks/waker', 'gpu/wake'].map((name) => `src/${name}.ts`),
  };
  const { core, late } = bundle;
  expect(late.map(({ name }) => name)).toEqual([
    ...['fused', 'hardware', 'hiera', 'software', 'tinyvit', 'torch', 'tune', 'vit'],
  ]);
  expect(core.modules.filter((path) => FAMILY.test(path) || TORCH.test(path))).toEqual([]);
  for (const { name, modules } of late) {
    const alone = ALONE[name];
    if (alone !== undefined) {
      expect(modules.toSorted()).toEqual(alone.toSorted());
      continue;
    }
    if (name === 'fused') {
      expect(modules.filter((path) => FAMILY.test(path) || TORCH.test(path))).toEqual([]);
      continue;
    }
    const families = new Set(modules.flatMap((path) => FAMILY.exec(path)?.[1] ?? []));
    expect([...families]).toEqual(name === 'torch' ? [] : [name]);
    expect(modules.some((path) => TORCH.test(path))).toBe(name === 'torch');
  }
  // Kernels of one family go with it.
  const holds = (name: string, kernel: string) =>
    late.find((chunk) => chunk.name === name)?.modules.includes(`src/generated/kernels/${kernel}.ts`);
  expect([holds('vit', 'attention_relpos'), holds('tinyvit', 'attention_bias')]).toEqual([true, true]);
});
