import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { addressOf, root, servePage } from '../host/serve.ts';
import { parseReport } from '../report.ts';

/** Serves the page that draws results until it is interrupted. */
export async function view(names: readonly string[]): Promise<number> {
  const files = (names.length > 0 ? names : newest()).map((name) => resolve(name));
  for (const file of files) parseReport(basename(file), readFileSync(file, 'utf8'));
  const server = await servePage(new Map(files.map((file) => [addressOf(file), file])));
  const query = new URLSearchParams(files.map((file) => ['file', addressOf(file)]));
  console.log(`${server.resolvedUrls?.local[0] ?? ''}report.html?${query}\nCtrl-C ends it.`);
  await new Promise((done) => process.once('SIGINT', done));
  await server.close();
  return 0;
}

/** The last result of a whole run. */
function newest(): string[] {
  const folder = join(root, 'bench/results');
  const name = readdirSync(folder)
    .filter((each) => /-bench-(chromium|node|deno)\.json$/.test(each))
    .sort()
    .at(-1);
  if (!name) throw new Error(`there is no result in ${folder} yet: npm run bench makes one`);
  return [join(folder, name)];
}
