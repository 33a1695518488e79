import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import type { Page } from 'puppeteer';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { withPromptPredictor } from '../../src/weights/extend.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { StoredTensor } from '../../src/weights/types.ts';
import { drop, readWhenThere, type Served, servePage, settled } from './served-page.ts';

/** Labels come in, a training is paused, goes on after the page was loaded again, and its model segments by itself. */

const phantoms = fileURLToPath(new URL('../../phantoms/wrist/', import.meta.url));
const DEMO = fileURLToPath(new URL('../../app/public/demo/sam2-nano-shapes.safetensors', import.meta.url));
const LISTING = fileURLToPath(new URL('../fixtures/goldens/nano-sam2rad.weights.json', import.meta.url));
const EPOCHS = 3;
const SCREENSHOTS = {
  paused: join(tmpdir(), 'sam2rad-paused.png'),
  done: join(tmpdir(), 'sam2rad-trained.png'),
};

let served: Served;
let page: Page;
const requests: string[] = [];
const complaints: string[] = [];
let loadedAt = 0;

beforeAll(async () => {
  served = await servePage();
  page = await served.browser.newPage();
  page.setDefaultTimeout(180_000);
  await page.setViewport({ width: 1440, height: 1400 });
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => void dialog.accept());
  await load();
});

afterAll(() => served?.close());

async function load(): Promise<void> {
  await page.goto(`${served.url}?model=plain`);
  await page.waitForFunction(() => !['', 'opening'].includes(window.sam2rad?.state().place ?? ''));
  await settled(page);
  loadedAt = requests.length;
}

const state = () => page.evaluate(() => window.sam2rad.state());

async function choose(id: string, value: string): Promise<void> {
  await page.$eval(
    `#${id}`,
    (element, text) => {
      const input = element as HTMLInputElement;
      input.value = text;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    value,
  );
}

async function press(selector: string): Promise<void> {
  await page.waitForSelector(`${selector}:not(:disabled)`);
  await page.$eval(selector, (button) => (button as HTMLButtonElement).click());
}

const paintedMap = () =>
  page.evaluate(() => new TextDecoder().decode(window.sam2rad.labelMap('Wrist 000') ?? new Uint8Array()));
const phase = (wanted: string) =>
  page.waitForFunction((name) => window.sam2rad.state().training?.phase === name, {}, wanted);
const step = (least: number) =>
  page.waitForFunction((count) => (window.sam2rad.state().training?.step ?? 0) >= count, {}, least);
/** What changed is written within a second. */
const saved = () => new Promise((resolve) => setTimeout(resolve, 1500));

function laterRequests(): string[] {
  return requests.slice(loadedAt).filter((url) => !/^(blob|data):/.test(url));
}

const [PICTURE, LABELS] = ['imgs', 'gts'].map((folder) =>
  readFileSync(join(phantoms, 'Train', folder, '000.png')),
);
const ZIP = zipSync({
  'wrist/imgs/wrist_000.png': PICTURE ?? new Uint8Array(),
  'wrist/gts/wrist_000.png': LABELS ?? new Uint8Array(),
});

test('labels are painted or come in as a zip, and are still there when the page is loaded again', async () => {
  await page.evaluate(() => {
    window.sam2rad.paint(
      [
        { x: 100, y: 200 },
        { x: 300, y: 220 },
      ],
      { size: 20 },
    );
    window.sam2rad.accept();
    window.sam2rad.open('Wrist 000');
  });
  const painted = await paintedMap();
  expect(painted).toContain('\u0001');
  await drop(page, 'wrist.zip', ZIP);
  await page.waitForFunction(() => window.sam2rad.state().accepted.length === 2);
  expect(await state()).toMatchObject({ accepted: ['Wrist 000', 'wrist_000.png'], place: 'kept' });
  await settled(page);
  await page.waitForFunction(() => document.querySelector('#work-place')?.textContent?.includes('Kept'));
  await saved();
  await load();
  expect(await state()).toMatchObject({
    accepted: ['Wrist 000', 'wrist_000.png'],
    place: 'kept',
    remarks: [],
  });
  expect((await paintedMap()) === painted).toBe(true);
  expect(await page.$eval('#readiness', (text) => text.textContent)).toContain('1 picture to learn from');
});

test('a training is paused, and goes on after the page was loaded again', async () => {
  await page.evaluate(() => window.sam2rad.open('wrist_000.png'));
  await settled(page);
  await choose('epochs', String(EPOCHS));
  await choose('augment', 'none');
  await choose('parts', 'ppn');
  await press('#train');
  await step(1);
  await press('#pause');
  await phase('paused');
  const before = await state();
  await page.screenshot({ path: SCREENSHOTS.paused });
  await load();
  expect(await state()).toMatchObject({ training: { phase: 'paused', step: before.training?.step } });
  expect((await state()).losses).toEqual(before.losses);
  await press('#resume');
  await page.waitForFunction(() => window.sam2rad.state().model === window.sam2rad.state().models[0]);
  expect((await state()).losses).toHaveLength(EPOCHS);
  expect((await state()).losses.slice(0, before.losses.length)).toEqual(before.losses);
});

test('the trained model is in use and segments by itself; its keys are those of a Sam2Rad model', async () => {
  const auto = await settled(page);
  expect(auto).toMatchObject({ mode: 'auto', model: auto.models[0], training: null, box: null, points: [] });
  expect(auto.results.map(({ classNumber }) => classNumber)).toEqual([1]);
  await page.evaluate(() => document.querySelector('#training')?.scrollIntoView());
  await page.screenshot({ path: SCREENSHOTS.done });
  console.log(`the page as pictures: ${Object.values(SCREENSHOTS).join(' ')}`);
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: served.scratch });
  await press('#work .work-actions button');
  const files = unzipSync(await readWhenThere(join(served.scratch, 'sam2rad-workspace.zip')));
  expect(Object.keys(files).sort()).toEqual([
    ...[
      'bone-surface/gts/wrist-000.png',
      'bone-surface/imgs/wrist-000.png',
      'log.json',
      `models/${auto.model}`,
      'user/gts/wrist_000.png',
      'user/imgs/wrist_000.png',
      'workspace.json',
    ],
  ]);
  expect(Buffer.from(files['user/imgs/wrist_000.png'] ?? []).equals(PICTURE ?? new Uint8Array())).toBe(true);
  const truth = await sharp(files['user/gts/wrist_000.png']).toColourspace('b-w').raw().toBuffer();
  expect(truth.equals(await sharp(LABELS).toColourspace('b-w').raw().toBuffer())).toBe(true);
  const model = await openCheckpoint(new Blob([Uint8Array.from(files[`models/${auto.model}`] ?? [])]));
  const base = await openCheckpoint(new Blob([readFileSync(DEMO)]));
  const dataset = { name: 'labelled', classes: 1, tokens: 10 };
  const expected = withPromptPredictor(base, { dataset, seed: 0 });
  expect(shapesOf(model.tensors)).toEqual(shapesOf(canonicalTensors(expected, describeCheckpoint(expected))));
  expect(JSON.parse(model.metadata['run'] ?? '{}')).toMatchObject({
    choices: { epochs: EPOCHS },
    classNames: ['Class 1'],
  });
});

test("it can be had with the reference's keys, too", async () => {
  await press('.model-actions button[aria-label*="PyTorch"]');
  const name = `${(await state()).models[0]?.replace('.safetensors', '')}-reference.safetensors`;
  const file = await openCheckpoint(
    new Blob([Uint8Array.from(await readWhenThere(join(served.scratch, name)))]),
  );
  const nano = JSON.parse(readFileSync(LISTING, 'utf8')) as Record<string, unknown>;
  const keys = Object.keys(nano).map((key) =>
    key.replace('learnable_prompts.phantom', 'learnable_prompts.labelled'),
  );
  expect([...file.tensors.keys()].sort()).toEqual(keys.sort());
});

test('a second tab is told that it keeps nothing, and sees the work', async () => {
  const other = await served.browser.newPage();
  await other.goto(`${served.url}?model=plain`);
  await other.waitForFunction(() => window.sam2rad?.state().place === 'elsewhere');
  await other.waitForFunction(() => window.sam2rad.state().accepted.length === 2);
  // The model that was in use is in use again.
  await other.waitForFunction(() => window.sam2rad.state().model === window.sam2rad.state().models[0]);
  await other.close();
});

test('a full storage is said once, loses nothing, and is written to when it has room again', async () => {
  const session = await page.createCDPSession();
  const origin = new URL(served.url).origin;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  await drop(page, 'second.png', PICTURE ?? new Uint8Array());
  await page.waitForFunction(() => window.sam2rad.state().place === 'full');
  expect((await state()).remarks.join()).toContain("The browser's storage is full");
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await page.evaluate(() => window.sam2rad.open('wrist_000.png'));
  await page.waitForFunction(() => window.sam2rad.state().place === 'kept');
});

test('the page asked the network for nothing, and nothing was refused', async () => {
  expect(laterRequests()).toEqual([]);
  expect(complaints).toEqual([]);
});

test('after a confirmation everything is erased, for good', async () => {
  await page.evaluate(() =>
    [...document.querySelectorAll<HTMLButtonElement>('#work .work-actions button')].at(-1)?.click(),
  );
  await page.waitForFunction(() =>
    window.sam2rad.state().remarks.some((remark) => remark.includes('erased')),
  );
  await saved();
  const { files, index } = await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('sam2rad');
    const inside: string[] = [];
    for await (const [name, handle] of folder.entries())
      if (handle.kind === 'file') inside.push(name);
      else for await (const inner of (handle as FileSystemDirectoryHandle).keys()) inside.push(inner);
    const text = await (await (await folder.getFileHandle('workspace.json')).getFile()).text();
    return { files: inside, index: JSON.parse(text) };
  });
  expect(files).toEqual(['workspace.json']);
  expect(index).toMatchObject({ pictures: [], models: [], inUse: null, run: null, log: null });
  // What is kept needs no GPU to come back, and there it would wait for what the trained model had begun to encode.
  await page.evaluateOnNewDocument(() =>
    Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }),
  );
  await page.goto(`${served.url}?model=plain`);
  await page.waitForFunction(() => !['', 'opening'].includes(window.sam2rad?.state().place ?? ''));
  expect(await state()).toMatchObject({ accepted: [], models: [], losses: [], model: null });
});

function shapesOf(tensors: ReadonlyMap<string, StoredTensor>) {
  return Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape.join()] as const).sort());
}
