/**
 * Writes src/generated/kernels/: a module with one typed constant for each shaders/*.wgsl, so that a bundler gives a
 * kernel to those who use it alone; and src/generated/kernels.ts, which names them all. Run by `npm run gen`.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble, minify } from './assemble.ts';
import { reflect } from './reflect.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const shaders = join(root, 'shaders');
const output = join(root, 'src/generated');
const folder = join(output, 'kernels');

const union = (names: readonly string[]) => names.map((name) => `'${name}'`).join(' | ') || 'never';
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const HEAD = '// Written by tools/kernels/generate.ts from shaders/*.wgsl.\n';

mkdirSync(folder, { recursive: true });
const names = readdirSync(shaders)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => file.replace('.wgsl', ''))
  .sort();
for (const name of names) {
  const source = assemble(shaders, `${name}.wgsl`);
  const kernel = { ...reflect(name, source), code: minify(source) };
  const type = [
    union(kernel.bindings.map((binding) => binding.name)),
    union(kernel.params.map((param) => param.name)),
    union(Object.keys(kernel.tunables)),
  ].join(', ');
  writeFileSync(
    join(folder, `${name}.ts`),
    `${HEAD}import type { Kernel } from '../../gpu/kernel.ts';\n\nexport const ${camel(name)}: Kernel<${type}> = ${JSON.stringify(kernel)};\n`,
  );
}
// Of kernels that are gone nothing may stay; those that are there are never missing meanwhile.
for (const file of readdirSync(folder))
  if (!names.includes(file.replace('.ts', ''))) rmSync(join(folder, file));
writeFileSync(
  join(output, 'kernels.ts'),
  HEAD + names.map((name) => `export * from './kernels/${name}.ts';\n`).join(''),
);
console.log(`gen: ${names.length} kernels -> src/generated/kernels`);
