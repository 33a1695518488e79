import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root } from './host/serve.ts';

/** What every result file says about where its figures come from. */
export interface Provenance {
  readonly date: string;
  readonly commit: string;
  readonly adapter: string;
  readonly runtime: string;
  readonly cpu: string;
  readonly cores: number;
}

function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain', '--', 'src', 'shaders', 'bench') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+changes' : ''}`;
}

type AdapterInfo = Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'description'>;

export function provenance({ vendor, architecture, description }: AdapterInfo, runtime: string): Provenance {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    adapter: [vendor, architecture, description].filter(Boolean).join(' '),
    runtime,
    cpu: processors[0]?.model ?? '',
    cores: processors.length,
  };
}

/** Writes bench/results/<date>-<adapter>-<name>.json. @returns its path */
export function save(name: string, where: Provenance, result: unknown): string {
  const adapter = /swiftshader|llvmpipe/i.exec(where.adapter)?.[0] ?? where.adapter;
  const slug = adapter.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const folder = join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${where.date.slice(0, 10)}-${slug}-${name}.json`);
  writeFileSync(file, `${JSON.stringify({ ...where, result }, null, 2)}\n`);
  return file;
}

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
