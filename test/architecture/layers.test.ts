import { expect, test } from 'vitest';
import { factsOf, filesIn, readSource, resolved } from './source.ts';

/** Each line imports from itself and from those before it; errors are below all. */
const ORDER = [
  ['errors'],
  ['generated'],
  ['gpu'],
  ['graph'],
  ['ops'],
  ['nn', 'optim', 'weights'],
  ['models'],
  ['web'],
  ['tasks'],
  ['index', 'evaluation', 'training'],
];
const WEB_KNOWS = ['errors', 'gpu', 'web'];

const layerOf = (path: string) => /^src\/([\w-]+)/.exec(path)?.[1] ?? path;
const rank = (layer: string) => ORDER.findIndex((line) => line.includes(layer));
const mayImport = (from: string, to: string) =>
  from === to || (from === 'web' ? WEB_KNOWS.includes(to) : rank(to) >= 0 && rank(to) < rank(from));

const src = filesIn(['src']);
/** A chunk that is imported later is imported all the same. */
const imports = src.flatMap((from) => {
  const { imports: own, dynamic } = factsOf(from);
  const late = dynamic.map((specifier) => ({ specifier, typeOnly: false }));
  return [...own, ...late].map((one) => ({ ...one, from, to: resolved(from, one.specifier) }));
});

test('invariant 4: a file imports from its own layer or an earlier one; web from gpu and errors alone', () => {
  const wrong = imports.filter(
    ({ from, to, typeOnly }) => !typeOnly && !mayImport(layerOf(from), layerOf(to)),
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  expect(src.filter((path) => rank(layerOf(path)) < 0)).toEqual([]);
  console.log(`layers: ${imports.length} imports of ${src.length} files in src`);
});

test('invariant 4: there are no cycles, types aside', () => {
  const edges = new Map<string, string[]>(src.map((path) => [path, []]));
  for (const { from, to, typeOnly } of imports) if (!typeOnly) edges.get(from)?.push(to);
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'open') throw new Error(`cycle: ${[...trail, path].join(' -> ')}`);
    if (state.get(path) === 'done') return;
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of src) visit(path, []);
});

test('invariant 8: `dependencies` is empty, and src imports its own .ts files alone', () => {
  const { dependencies = {} } = JSON.parse(readSource('package.json')) as { dependencies?: object };
  expect(Object.keys(dependencies)).toEqual([]);
  const files = new Set([...src, 'src/generated/kernels.ts']);
  expect(
    imports.filter(({ to }) => !files.has(to)).map(({ from, specifier }) => `${from}: ${specifier}`),
  ).toEqual([]);
});

/** The engine's doors, and the page's development dependencies: templates and zips. */
const PAGE_KNOWS = /^(src\/(index|evaluation|training)\.ts|lit-html(\/.*)?|fflate)$/;

test('invariant 4: the page sees the engine through its entries alone, and nothing of the tools', () => {
  const wrong = filesIn(['app']).flatMap((from) =>
    factsOf(from)
      .imports.map(({ specifier }) => (specifier.startsWith('.') ? resolved(from, specifier) : specifier))
      .filter((to) => !to.startsWith('app/') && !PAGE_KNOWS.test(to))
      .map((to) => `${from} -> ${to}`),
  );
  expect(wrong).toEqual([]);
});

test('invariant 4: no op names a model, and no layer below tasks names a model file', () => {
  const names = /\b(hiera|sam2|mobile|tinyvit|vit)\b/i;
  const wrong = filesIn(['src/ops', 'src/graph', 'src/gpu']).filter((path) =>
    [...factsOf(path).names].some((name) => names.test(name)),
  );
  expect(wrong).toEqual([]);
});
