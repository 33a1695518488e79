import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSource } from './source.ts';

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** Lines with an error, of this text compiled in this folder as the project compiles its own. */
function errorLines(text: string): { lines: number[]; output: string } {
  const folder = mkdtempSync(join(here, '.types-'));
  try {
    writeFileSync(join(folder, 'kernel-types.ts'), text.replaceAll("'../../", "'../../../"));
    const extended = { extends: '../../../tsconfig.json', include: ['kernel-types.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(extended));
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    const found = [...stdout.matchAll(/^\S*kernel-types\.ts\((\d+),\d+\): error/gm)];
    return { lines: found.map(([, line]) => Number(line)), output: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('invariant 2: a wrong operand, parameter or tunable does not compile', () => {
  const text = readSource('test/architecture/kernel-types.ts');
  const marked = text.split('\n').flatMap((line, i) => (line.includes('// @ts-expect-error') ? [i + 1] : []));
  expect(marked.length).toBeGreaterThan(10);
  expect(errorLines(text)).toEqual({ lines: [], output: '' });
  // Without the marks each of these calls, and nothing else, is an error.
  const unmarked = errorLines(text.replaceAll('@ts-expect-error', ''));
  expect([...new Set(unmarked.lines)], unmarked.output).toEqual(marked.map((line) => line + 1));
  console.log(`types: ${marked.length} wrong calls do not compile`);
});
