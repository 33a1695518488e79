import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { addressOf, root, servePage } from '../host/serve.ts';
import { parseReport } from '../report.ts';

/** Serves the page that draws results until it is interrupted. */
export async function view(names: readonly string[]): Promise<number> {
  const files = (names.length > 0 ? names : [newest(join(root, 'bench/results'))]).map((name) =>
    resolve(name),
  );
  for (const file of files) parseReport(basename(file), readFileSync(file, 'utf8'));
  const server = await servePage(new Map(files.map((file) => [addressOf(file), file])));
  const query = new URLSearchParams(files.map((file) => ['file', addressOf(file)]));
  console.log(`${server.resolvedUrls?.local[0] ?? ''}report.html?${query}\nCtrl-C ends it.`);
  await new Promise((done) => process.once('SIGINT', done));
  await server.close();
  return 0;
}

/**
 * The result that was measured last, by what the files say themselves. Those without kernels cannot be drawn, and those
 * of some kernels (`--only`) are asked for by name.
 */
export function newest(folder: string): string {
  const reports = readdirSync(folder)
    .filter((name) => name.includes('-bench-') && name.endsWith('.json') && !name.endsWith('-only.json'))
    .flatMap((name) => {
      try {
        return [{ name, date: parseReport(name, readFileSync(join(folder, name), 'utf8')).date }];
      } catch {
        // Nothing but models, or a run in which the kernels failed.
        return [];
      }
    })
    .sort((a, b) => a.date.localeCompare(b.date));
  const last = reports.at(-1);
  if (!last) throw new Error(`there is no result in ${folder} yet that has kernels: npm run bench makes one`);
  return join(folder, last.name);
}
