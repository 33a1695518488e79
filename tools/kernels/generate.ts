/**
 * Writes src/generated/kernels/: a module with one typed constant for each shaders/*.wgsl, so that a bundler gives a
 * kernel to those who use it alone; src/generated/kernels.ts, which names them all; and src/generated/late/, the texts
 * of kernels whose source says `//!late CHUNK`, a module a chunk. Run by `npm run gen`.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { assemble, minify } from './assemble.ts';
import { reflect } from './reflect.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const shaders = join(root, 'shaders');
const output = join(root, 'src/generated');
const folder = join(output, 'kernels');
const lateFolder = join(output, 'late');

const union = (names: readonly string[]) => names.map((name) => `'${name}'`).join(' | ') || 'never';
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const HEAD = '// Written by tools/kernels/generate.ts from shaders/*.wgsl.\n';

/** The arguments of `kernelOf` but for its text. */
function packed({ name, bindings, params, tunables }: Omit<Kernel, 'code'>): string {
  const typed = (text: string, type: string) => (type === 'u32' ? text : `${text} ${type}`);
  const those = (written: boolean) =>
    bindings.filter(({ writes }) => writes === written).map((each) => each.name);
  return [
    name,
    `${those(false)}>${those(true)}`,
    params.map((param) => typed(param.name, param.type)).join(),
    Object.entries(tunables)
      .map(([key, { kind, type, default: value }]) =>
        typed(`${key}${kind === 'override' ? '=' : ':'}${value}`, type),
      )
      .join(),
  ]
    .map((text) => JSON.stringify(text))
    .join(', ');
}

for (const each of [folder, lateFolder]) mkdirSync(each, { recursive: true });
const names = readdirSync(shaders)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => file.replace('.wgsl', ''))
  .sort();
const chunks = new Map<string, Map<string, string>>();
for (const name of names) {
  const source = assemble(shaders, `${name}.wgsl`);
  const code = minify(source);
  const late = /^\/\/!late (\w+)$/m.exec(source)?.[1];
  if (late !== undefined) chunks.set(late, (chunks.get(late) ?? new Map()).set(camel(name), code));
  const text =
    late === undefined
      ? JSON.stringify(code)
      : `async () => (await import('../late/${late}.ts')).${camel(name)}`;
  const kernel = reflect(name, source);
  const value = `kernelOf(${packed(kernel)}, ${text}${kernel.features.length > 0 ? `, ${JSON.stringify(kernel.features)}` : ''})`;
  const type = [
    union(kernel.bindings.map((binding) => binding.name)),
    union(kernel.params.map((param) => param.name)),
    union(Object.keys(kernel.tunables)),
  ].join(', ');
  writeFileSync(
    join(folder, `${name}.ts`),
    `${HEAD}import type { Kernel } from '../../gpu/kernel.ts';\nimport { kernelOf } from '../../gpu/kernel-of.ts';\n\nexport const ${camel(name)}: Kernel<${type}> = ${value};\n`,
  );
}
// Of kernels that are gone nothing may stay; those that are there are never missing meanwhile.
const writeLate = ([chunk, texts]: [string, Map<string, string>]) =>
  writeFileSync(
    join(lateFolder, `${chunk}.ts`),
    HEAD + [...texts].map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`).join(''),
  );
for (const chunk of chunks) writeLate(chunk);
for (const [where, known] of [
  [folder, names],
  [lateFolder, [...chunks.keys()]],
] as const)
  for (const file of readdirSync(where))
    if (!known.includes(file.replace('.ts', ''))) rmSync(join(where, file));
writeFileSync(
  join(output, 'kernels.ts'),
  HEAD + names.map((name) => `export * from './kernels/${name}.ts';\n`).join(''),
);
// Not to stdout, which is the caller's: `npm pack --json` runs this as well.
console.error(`gen: ${names.length} kernels -> src/generated/kernels`);
