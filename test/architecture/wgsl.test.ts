import { expect, test } from 'vitest';
import * as kernels from '../../src/generated/kernels.ts';
import { textOf } from '../../src/gpu/kernel.ts';
import { assemble, minify } from '../../tools/kernels/assemble.ts';
import { reflect } from '../../tools/kernels/reflect.ts';
import { factsOf, filesIn, readSource } from './source.ts';

const all = filesIn(['shaders'], /\.wgsl$/);
const library = all.filter((path) => path.startsWith('shaders/lib/'));
const sources = all.filter((path) => !library.includes(path));
const generated = new Map(Object.values(kernels).map((kernel) => [kernel.name, kernel]));

const lines = (path: string) => readSource(path).split('\n');
/** `file: what` for each kernel of which `look` finds something. */
const found = (paths: readonly string[], look: (text: string, path: string) => Iterable<string>) =>
  paths.flatMap((path) => [...look(readSource(path), path)].map((what) => `${path}: ${what}`));

test('invariant 1: WGSL lives in shaders/ alone; TypeScript holds none', () => {
  const folders = ['src', 'app', 'weights-tools', 'tools'];
  expect(filesIn(folders, /\.wgsl$/)).toEqual([]);
  const wgsl =
    /@(compute|workgroup_size|group\(|binding\(|builtin\()|var<(storage|uniform|workgroup|private)|\bvec[234][fuih]\b/;
  const holds = (path: string) => factsOf(path).texts.some((text) => wgsl.test(text));
  expect(filesIn([...folders, 'bench']).filter(holds)).toEqual([]);
  // The generated files are the build's own copy, which git ignores; that they are found shows that the test can see.
  const isLate = (path: string) => lines(path).some((line) => line.startsWith('//!late '));
  const atOnce = sources.filter((path) => !isLate(path));
  const copies = [
    ...atOnce.map((path) => path.replace('shaders/', 'src/generated/kernels/').replace('.wgsl', '.ts')),
    'src/generated/late/hardware.ts',
    'src/generated/late/software.ts',
  ];
  expect(copies.filter(holds)).toEqual(copies);
});

test('invariant 1: WGSL holds no template and no preprocessor', () => {
  const foreign = /\$\{|^\s*#|<%|\{\{/m;
  expect(all.filter((path) => foreign.test(readSource(path)))).toEqual([]);
});

test('house style: line 1 is the formula, line 2 who computes what', () => {
  const wrong = sources.filter((path) => {
    const [formula = '', who = ''] = lines(path);
    return !/^\/\/ \S.* = \S/.test(formula) || !/^\/\/ \S.*\b(invocation|workgroup|quad|lane)s?\b/i.test(who);
  });
  expect(wrong).toEqual([]);
  console.log(`WGSL: ${sources.length} kernels, ${library.length} libraries`);
});

test('house style: binding 0 is params, every other binding has a comment with its shape', () => {
  const wrong = found(sources, (text) => {
    const bindings = text.split('\n').filter((line) => line.startsWith('@group'));
    const [params = '', ...buffers] = bindings;
    return [
      ...(/binding\(0\) var<uniform> params: Params;/.test(params) ? [] : [params || 'no bindings']),
      ...buffers.filter((line) => !/;\s+\/\/ .*\[[^\]]+\]/.test(line)),
    ];
  });
  expect(wrong).toEqual([]);
});

test('house style: one entry point named main, libraries without bindings, at most 250 lines', () => {
  expect(
    found(sources, (text) => ((text.match(/@compute/g) ?? []).length === 1 ? [] : ['entry points'])),
  ).toEqual([]);
  expect(found(library, (text) => text.match(/@(group|binding|compute)|var<storage/g) ?? [])).toEqual([]);
  expect(all.filter((path) => lines(path).length > 250)).toEqual([]);
});

test('invariant 2: what TypeScript knows of a kernel is what reflection reads off its WGSL today', async () => {
  const names = sources.map((path) => path.slice('shaders/'.length, -'.wgsl'.length));
  expect([...generated.keys()].sort()).toEqual(names);
  for (const name of names) {
    const source = assemble(new URL('../../shaders', import.meta.url).pathname, `${name}.wgsl`);
    const kernel = generated.get(name);
    expect(kernel).toEqual({ ...reflect(name, source), code: kernel?.code });
    expect(kernel && (await textOf(kernel))).toBe(minify(source));
  }
});

test('invariant 2: layouts and workgroup sizes are written nowhere in TypeScript but made in src/gpu', () => {
  const layout =
    /^(GPUShaderStage|GPUBindGroupLayout\w*|GPUPipelineLayout\w*|GPUBindGroupEntry|minBindingSize|workgroup_?size)$/i;
  const wrong = filesIn(['src', 'app', 'weights-tools']).filter(
    (path) => !path.startsWith('src/gpu/') && [...factsOf(path).names].some((name) => layout.test(name)),
  );
  expect(wrong).toEqual([]);
});

test('invariant 9: no kernel stores or sums in f16, or names an infinity or NaN', () => {
  const risky = /\bf16\b|\bvec[234]h\b|\b(isNan|isInf|inf|nan)\b|0x7f[89a-f]\w{5}|\/ ?0(\.0)?f?\b/i;
  expect(found(all, (text) => text.replace(/\/\/.*$/gm, '').match(risky) ?? [])).toEqual([]);
});
