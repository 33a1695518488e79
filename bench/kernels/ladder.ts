import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { assemble, minify } from '../../tools/kernels/assemble.ts';
import { reflect } from '../../tools/kernels/reflect.ts';

/** Kernels that only the bench runs: the roofs, and version 0 of each ladder. Plain data, so that a page can have them. */
export type Ladder = Readonly<Record<string, Kernel>>;

export function readLadder(): Ladder {
  const here = dirname(fileURLToPath(import.meta.url));
  const shaders = join(here, '../../shaders');
  const kernels: Record<string, Kernel> = {};
  for (const folder of ['', 'v0'])
    for (const file of readdirSync(join(here, folder)).filter((name) => name.endsWith('.wgsl'))) {
      const name = file.replace('.wgsl', '');
      // Relative to the shaders, whose libraries version 0 imports.
      const source = assemble(shaders, join('../bench/kernels', folder, file));
      kernels[name] = { ...reflect(name, source), code: minify(source) };
    }
  return kernels;
}
