import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import type { ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf, servePage } from '../../bench/host/serve.ts';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';
import { around, MODEL, report, row } from './fixtures.ts';

/** The page that draws results, in a browser, with made-up ones. */

const folder = mkdtempSync(join(tmpdir(), 'sam2rad-report-'));
const kernels = report([row('a', around(0.4)), { ...row('b', around(0.5)), flops: 0 }]);
const FILES = {
  now: { ...kernels, result: { ...kernels.result, models: [MODEL] } },
  older: report([row('a', around(0.5))], { date: '2026-11-01T00:00:00.000Z', commit: 'older12' }),
};
const paths = Object.entries(FILES).map(([name, value]) => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(value));
  return path;
});
writeFileSync(join(folder, 'other.json'), '{}');
paths.push(join(folder, 'other.json'));

let server: ViteDevServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  server = await servePage(new Map(paths.map((path) => [addressOf(path), path])));
  browser = await launchBrowser();
  page = await browser.newPage();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function open(...names: string[]): Promise<void> {
  const query = new URLSearchParams(names.map((name) => ['file', addressOf(join(folder, `${name}.json`))]));
  await page.goto(`${server.resolvedUrls?.local[0]}report.html?${query}`);
  await page.waitForSelector(names.length > 0 ? '.places, .problem' : '.invitation');
}

const texts = (selector: string) =>
  page.$$eval(selector, (found) => found.map(({ textContent }) => textContent?.trim() ?? ''));

test('draws the roofs and a point a kernel; those without flops lie along the bandwidth', async () => {
  await open('now');
  expect(await texts('.roofline .roof text')).toEqual(['f32 20 GFLOP/s', '1 GB/s']);
  expect(await page.$$eval('.roofline .point', (points) => points.length)).toBe(1);
  expect(await page.$$eval('.strip .point', (points) => points.length)).toBe(1);
  expect(await texts('.roofs tbody tr:nth-child(2) td:nth-child(2)')).toEqual(['not available']);
  await page.hover('.roofline .point circle');
  await page.waitForSelector('.tooltip');
  expect((await texts('.tooltip'))[0]).toContain('40 % (39 % to 41 %) of its roof: f32');
  // With one result alone nothing is older.
  expect(await page.$$eval('.old, .before', (found) => found.length)).toBe(0);
});

test('has the models’ calls by default and tuned kernels, and what was said of them', async () => {
  await open('now');
  expect(await texts('.remark')).toEqual(['nano: the page was hidden']);
  const calls = (await texts('table:last-of-type tbody td:first-child')).slice(-2);
  expect(calls).toEqual(['encode', 'encode, tuned']);
  expect(await texts('h3 ~ p')).toEqual(['backward pass over forward pass of 4: 3.50×, of CPU time 2.50×']);
});

test('compares two results, the newer one drawn, whatever their order', async () => {
  await open('older', 'now');
  expect(await texts('.places em')).toEqual(['now', 'older']);
  expect(await texts('.kernels tbody tr td:last-child')).toEqual(['0.80×', 'new']);
  expect(await texts('.kernels .worse')).toEqual(['0.80×']);
  // In the picture: the older roof, and hollow what differs.
  expect(await page.$$eval('.roofline .before polyline', (lines) => lines.length)).toBe(1);
  expect(await page.$$eval('.roofline .old', (points) => points.length)).toBe(1);
});

test('without a file it asks for one; another file is refused in words', async () => {
  await open();
  expect((await texts('.invitation'))[0]).toContain('Drop one result');
  await open('other');
  expect((await texts('.problem'))[0]).toContain('other.json is no result of a whole');
});
