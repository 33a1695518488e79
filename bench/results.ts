import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { gpuNameOf } from '../tools/runtimes/label.ts';
import { root } from './host/serve.ts';
import type { Provenance } from './report.ts';

function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain', '--', 'src', 'shaders', 'bench') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+changes' : ''}`;
}

export function provenance(
  adapter: Parameters<typeof gpuNameOf>[0],
  runtime: string,
  driver = '',
): Provenance {
  const processors = cpus();
  const { vendor, architecture, description } = adapter;
  const name = gpuNameOf(adapter);
  return {
    date: new Date().toISOString(),
    commit: commit(),
    adapter: name ?? [vendor, architecture, description].filter(Boolean).join(' '),
    // Where the GPU's name is elsewhere, this is the driver.
    driver: [name && description, driver].filter(Boolean).join(', '),
    runtime,
    cpu: processors[0]?.model ?? '',
    cores: processors.length,
  };
}

/** An adapter, or a model, as file names have it. */
export function slugOf(named: string): string {
  const name = /swiftshader|llvmpipe/i.exec(named)?.[0] ?? named;
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** <date>-<time>-<adapter>-<name>.json, by the second: a later run takes no other's place. */
export const resultName = ({ date, adapter }: Pick<Provenance, 'date' | 'adapter'>, name: string): string =>
  `${date.slice(0, 10)}-${date.slice(11, 19).replaceAll(':', '')}-${slugOf(adapter)}-${name}.json`;

/** Writes a result under bench/results. @returns its path */
export function save(name: string, where: Provenance, result: unknown): string {
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, resultName(where, name));
  writeFileSync(file, `${JSON.stringify({ ...where, result }, rounded, 1)}\n`);
  return file;
}

/** Six digits are more than any measurement here has. */
const rounded = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;

/** Lines of a table, columns aligned; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => String(row[column] ?? '').length));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? String(cell).padEnd(width(i)) : String(cell).padStart(width(i))))
        .join('  '),
    )
    .join('\n');
}
