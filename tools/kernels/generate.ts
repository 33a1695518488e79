/** Writes src/generated/kernels.ts: one typed constant for each shaders/*.wgsl. Run by `npm run gen`. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble, minify } from './assemble.ts';
import { reflect } from './reflect.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const shaders = join(root, 'shaders');
const output = join(root, 'src/generated/kernels.ts');

const union = (names: readonly string[]) => names.map((name) => `'${name}'`).join(' | ') || 'never';
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const files = readdirSync(shaders)
  .filter((file) => file.endsWith('.wgsl'))
  .sort();
const constants = files.map((file) => {
  const name = file.replace('.wgsl', '');
  const source = assemble(shaders, file);
  const kernel = { ...reflect(name, source), code: minify(source) };
  const type = [
    union(kernel.bindings.map((binding) => binding.name)),
    union(kernel.params.map((param) => param.name)),
    union(Object.keys(kernel.tunables)),
  ].join(', ');
  return `export const ${camel(name)}: Kernel<${type}> = ${JSON.stringify(kernel)};\n`;
});
// Kernels of one length are of one kind: side by side, gzip finds what they share, a kilobyte in all.
constants.sort((a, b) => a.length - b.length);
mkdirSync(dirname(output), { recursive: true });
writeFileSync(
  output,
  `// Written by tools/kernels/generate.ts from shaders/*.wgsl.\nimport type { Kernel } from '../gpu/kernel.ts';\n\n${constants.join('\n')}`,
);
console.log(`gen: ${files.length} kernels -> src/generated/kernels.ts`);
