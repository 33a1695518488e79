/**
 * `npm run page-memory [-- TABLE] [--storage f32|f16|q8]`: what the page's own process keeps resident while it loads a
 * generated checkpoint (ViT-H of 2.5 GB unless named) from disk, in headless Chromium on Linux. The GPU's memory is
 * that of another process. Fails where the page takes more than 300 MB beside what an empty page has mapped.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePage, settled } from '../test/app/served-page.ts';
import { fixturePath } from '../test/weights/fixtures.ts';
import { generateCheckpoint } from '../weights-tools/generate/checkpoint.ts';
import { ensureRuntimes } from './runtimes/ensure.ts';

const LIMIT = 300e6;
const EVERY_MS = 50;

const args = process.argv.slice(2);
const at = args.indexOf('--storage');
const storage = at < 0 ? 'f16' : (args[at + 1] ?? '');
const table = args.find((arg, i) => !arg.startsWith('--') && (at < 0 || i !== at + 1)) ?? 'sam_vit_h';

/** Bytes resident: anonymous (heaps), shared (what is handed to the GPU's process), and mapped files (the browser). */
interface Resident {
  readonly anonymous: number;
  readonly shared: number;
  readonly files: number;
}

function residentOf(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { anonymous: field('RssAnon'), shared: field('RssShmem'), files: field('RssFile') };
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const text = ({ anonymous, shared, files }: Resident) =>
  `${mb(anonymous + shared)} (${mb(anonymous)} its own, ${mb(shared)} shared with the GPU's process), ${mb(files)} of the browser's files`;

await ensureRuntimes();
const folder = mkdtempSync(join(tmpdir(), 'sam2rad-memory-'));
const file = join(folder, `${table}.pt`);
await generateCheckpoint(fixturePath(`tables/${table}.json`), file);
const served = await servePage();
try {
  const page = await served.browser.newPage();
  page.setDefaultTimeout(1_200_000);
  await page.goto(served.url);
  await settled(page);
  const session = await served.browser.target().createCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const processes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const worst = () =>
    processes.map(residentOf).reduce((a, b) => (a.anonymous + a.shared >= b.anonymous + b.shared ? a : b));
  await page.select('#storage', storage);
  await settled(page);
  const before = worst();
  console.log(`the page with its demo model: ${text(before)}`);

  let peak = before;
  const timer = setInterval(() => {
    const now = worst();
    if (now.anonymous + now.shared > peak.anonymous + peak.shared) peak = now;
  }, EVERY_MS);
  const start = performance.now();
  const [chooser] = await Promise.all([page.waitForFileChooser(), page.click('.card .row button')]);
  await chooser.accept([file]);
  await page.waitForFunction(
    (name) => window.sam2rad.state().model === name || window.sam2rad.state().notice !== null,
    { polling: 200 },
    `${table}.pt`,
  );
  clearInterval(timer);
  const { model, notice } = await page.evaluate(() => window.sam2rad.state());
  if (model !== `${table}.pt`) throw new Error(`${table} was not loaded: ${notice}`);
  const facts = await page.$eval('.facts', (list) => list.textContent?.replace(/\s+/g, ' ').trim());
  console.log(
    `${table}, ${mb(statSync(file).size)}, ${((performance.now() - start) / 1000).toFixed(0)} s: ${facts}`,
  );
  const took = peak.anonymous + peak.shared;
  console.log(`while it loaded: ${text(peak)}; limit ${mb(LIMIT)}`);
  console.log(`afterwards: ${text(worst())}`);
  process.exitCode = took <= LIMIT ? 0 : 1;
} finally {
  await served.close();
  rmSync(folder, { recursive: true });
}
