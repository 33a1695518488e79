import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/weights/open.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { countGpuTest } from '../gpu-device.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import {
  classMapOf,
  click,
  drag,
  drop,
  readWhenThere,
  type Served,
  servePage,
  settled,
} from './served-page.ts';

/** The page as a person has it: built, served, in a browser, with the demo's weights. */

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const SCREENSHOT = join(tmpdir(), 'sam2rad-page.png');
const FIRST_SCREEN = join(tmpdir(), 'sam2rad-first-screen.png');

let served: Served;
let page: Page;
/** What the page asked the network for, and what its security policy refused. */
const requests: string[] = [];
const complaints: string[] = [];
let loadedAt = 0;

beforeAll(async () => {
  served = await servePage();
  page = await served.browser.newPage();
  // A software adapter compiles for long on a machine that has other things to do.
  page.setDefaultTimeout(110_000);
  await page.setViewport({ width: 1440, height: 900 });
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${served.url}?model=plain`);
  await settled(page);
  loadedAt = requests.length;
});

afterAll(() => served?.close());

/** What was asked of the network since the page had loaded; its own blobs are none of that. */
function laterRequests(): string[] {
  return requests.slice(loadedAt).filter((url) => !/^(blob|data):/.test(url));
}

test('the demo model and a sample are there on load', async (context) => {
  const state = await page.evaluate(() => window.sam2rad.state());
  expect(state).toMatchObject({
    model: 'sam2-nano-shapes.safetensors',
    picture: 'Wrist 000',
    mode: 'manual',
  });
  expect(await page.$$eval('#strip li', (entries) => entries.length)).toBe(6);
  expect(await page.$eval('#panel', (panel) => panel.textContent)).toContain('no prompt predictor');
  expect(await page.$eval('#header', (header) => header.textContent)).toContain('not a medical device');
  const info = await page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { architecture = '', description = '', device = '', vendor = '' } = adapter?.info ?? {};
    return { architecture, description, device, vendor };
  });
  countGpuTest(context, adapterLabel(info, 'Chromium'));
});

test("the mouse's box and click give PyTorch's mask", async () => {
  const name = 'demo-on-phantoms.safetensors';
  const golden = await openCheckpoint(new Blob([readFileSync(join(fixtures, 'goldens', name))]), { name });
  const cases = Object.entries(
    JSON.parse(golden.metadata['prompts'] ?? '{}') as Record<string, { box: number[]; points: number[][] }>,
  );
  expect(cases).toHaveLength(3);
  for (const [key, { box, points }] of cases) {
    const [anatomy = '', number = ''] = key.split('/');
    await page.evaluate(
      (title) => window.sam2rad.open(title),
      `${anatomy[0]?.toUpperCase()}${anatomy.slice(1)} ${number}`,
    );
    await settled(page);
    await drag(page, box);
    await settled(page);
    await click(page, points[0] ?? []);
    const state = await settled(page);
    expect(state.box).toEqual(box);
    expect(state.points).toEqual([{ x: points[0]?.[0], y: points[0]?.[1], label: 1 }]);
    const expected = (await golden.tensors.get(`${key}.mask`)?.read()) ?? new Uint8Array();
    const iou = intersectionOverUnion(Buffer.from(await classMapOf(page)), expected);
    console.log(`${key}: mask IoU with PyTorch ${iou.toFixed(5)}`);
    expect(iou).toBeGreaterThanOrEqual(0.995);
  }
  await page.evaluate(() => window.sam2rad.open('Wrist 000'));
  await settled(page);
  await page.screenshot({ path: SCREENSHOT });
  console.log(`the page as a picture: ${SCREENSHOT}`);
});

test('undo and redo change the mask and bring it back, bit by bit', async () => {
  const before = await classMapOf(page);
  await click(page, [300, 250], 'right');
  const { points } = await settled(page);
  expect(points.at(-1)).toEqual({ x: 300, y: 250, label: 0 });
  const after = await classMapOf(page);
  expect(after === before).toBe(false);
  await keys('Control', 'z');
  expect((await classMapOf(page)) === before).toBe(true);
  await keys('Control', 'y');
  expect((await classMapOf(page)) === after).toBe(true);
  await keys('Control', 'z');
  await page.keyboard.press('Escape');
  expect(await settled(page)).toMatchObject({ box: null, points: [], results: [] });
  await keys('Control', 'z');
  expect((await classMapOf(page)) === before).toBe(true);
});

test('weights are stored as chosen, at once and without asking the network; the panel says how', async () => {
  const before = await classMapOf(page);
  expect((await settled(page)).storage).toBe('f16');
  await page.select('#storage', 'q8');
  await page.waitForFunction(() => window.sam2rad.state().storage === 'q8' && !window.sam2rad.state().busy);
  await settled(page);
  const small = await classMapOf(page);
  expect(await page.$eval('.facts', (facts) => facts.textContent)).toMatch(/Stored as\s*q8/);
  expect(intersectionOverUnion(Buffer.from(small), Buffer.from(before))).toBeGreaterThan(0.8);
  expect(laterRequests()).toEqual([]);
});

test('zoomed and moved, the mouse is still exact; H hides what is drawn', async () => {
  const { x, y } = await page.evaluate(() => window.sam2rad.toPage(400, 300));
  await page.mouse.move(x, y);
  await page.keyboard.down('Control');
  await page.mouse.wheel({ deltaY: -120 });
  await page.keyboard.up('Control');
  await page.focus('#viewer');
  await page.keyboard.down('Space');
  await page.mouse.down();
  await page.mouse.move(x - 37, y + 21, { steps: 2 });
  await page.mouse.up();
  await page.keyboard.up('Space');
  const moved = await page.evaluate(() => window.sam2rad.toPage(400, 300));
  expect([moved.x - x, moved.y - y].map(Math.round)).toEqual([-37, 21]);
  await drag(page, [301, 277, 500, 390]);
  expect((await settled(page)).box).toEqual([301, 277, 500, 390]);
  await page.keyboard.press('0');
  await page.waitForSelector('.vectors .box');
  await page.keyboard.down('h');
  await page.waitForFunction(() => document.querySelector('.vectors .box') === null);
  await page.keyboard.up('h');
  await page.waitForSelector('.vectors .box');
});

test('without a mouse: a cursor, points, and a box by two corners', async () => {
  await page.evaluate(() => window.sam2rad.setPrompts({}));
  await page.focus('#viewer');
  for (const key of ['ArrowRight', 'b', 'ArrowDown', 'ArrowRight', 'b', 'ArrowLeft', 'Enter'] as const)
    await page.keyboard.press(key);
  const { box, points } = await settled(page);
  expect(box).toEqual([318, 266, 320, 268]);
  expect(points).toEqual([{ x: 318, y: 267, label: 1 }]);
  expect(await page.$eval('#live', (live) => live.textContent)).toMatch(/^Mask updated\. Bone surface: /);
});

test('the mask that is downloaded is the mask on show, by class number', async () => {
  await page.evaluate(() => window.sam2rad.setPrompts({ box: [220, 302, 571, 372] }));
  const { results } = await settled(page);
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: served.scratch });
  for (const button of await page.$$('.downloads button')) await button.click();
  const read = (name: string) => readWhenThere(join(served.scratch, name));
  const raw = sharp(await read('wrist-000_mask.png'))
    .toColourspace('b-w')
    .raw();
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 636, height: 533, channels: 1 });
  expect(data.toString('latin1') === (await classMapOf(page))).toBe(true);
  expect(await sharp(await read('wrist-000_overlay.png')).metadata()).toMatchObject({
    width: 636,
    height: 533,
  });
  const report = JSON.parse((await read('wrist-000.json')).toString());
  expect(report).toMatchObject({ picture: 'Wrist 000', width: 636, height: 533, mode: 'manual' });
  expect(report.classes[0]).toMatchObject({ class: 1, name: 'Bone surface', area: results[0]?.area });
});

test('every bad checkpoint is one calm sentence, and the model stays', async () => {
  const before = await classMapOf(page);
  const folder = join(fixtures, 'checkpoints/bad');
  for (const name of readdirSync(folder)) {
    await drop(page, name, readFileSync(join(folder, name)));
    await page.waitForFunction(() => window.sam2rad.state().notice !== null && !window.sam2rad.state().busy);
    const { notice, model } = await page.evaluate(() => window.sam2rad.state());
    expect(notice, name).toMatch(/\w{3}/);
    // The readers of torch files are in the worker's own blob: nothing was to be fetched for them.
    expect(notice, name).not.toMatch(/engine's part/);
    expect(model, name).toBe('sam2-nano-shapes.safetensors');
    await page.locator('.notice button').click();
    await page.waitForFunction(() => window.sam2rad.state().notice === null);
  }
  expect((await classMapOf(page)) === before).toBe(true);
});

test('a dropped picture is opened upright; what is no picture is named, and refused', async () => {
  const picture = sharp({ create: { width: 60, height: 40, channels: 3, background: '#808080' } });
  const turned = await picture.jpeg().withMetadata({ orientation: 6 }).toBuffer();
  await drop(page, 'Turned.jpg', turned);
  await page.waitForFunction(() => window.sam2rad.state().picture === 'Turned.jpg');
  await settled(page);
  await page.waitForFunction(() => document.querySelector('#status')?.textContent?.includes('40 × 60'));
  for (const [name, bytes] of [
    ['notes.txt', Buffer.from('hello')],
    ['huge.png', pngHeader(20_000, 20_000)],
    ['empty.png', pngHeader(0, 0)],
  ] as const) {
    await drop(page, name, bytes);
    await page.waitForFunction((word) => window.sam2rad.state().notice?.includes(word), {}, name);
  }
  expect((await settled(page)).picture).toBe('Turned.jpg');
  await page.click('.remove');
  expect((await settled(page)).picture).not.toBe('Turned.jpg');
  expect(laterRequests()).toEqual([]);
});

test('a Sam2Rad checkpoint segments by itself; a box corrects its own class only', async () => {
  const path = join(served.scratch, 'nano-sam2rad.safetensors');
  writeFileSync(path, new Uint8Array(await (await goldenModelFile('nano-sam2rad')).arrayBuffer()));
  await page.evaluate(() => window.sam2rad.open('Wrist 003'));
  const [chooser] = await Promise.all([page.waitForFileChooser(), page.click('.card .row button')]);
  await chooser.accept([path]);
  await page.waitForFunction(() => window.sam2rad.state().model === 'nano-sam2rad.safetensors');
  const auto = await settled(page);
  expect(auto).toMatchObject({ mode: 'auto', box: null, points: [] });
  expect(auto.results.map(({ classNumber }) => classNumber)).toEqual([1, 2]);
  await drag(page, [37, 252, 355, 313]);
  const corrected = await settled(page);
  expect(corrected.results[0]?.iou).not.toBe(auto.results[0]?.iou);
  expect(corrected.results[1]).toEqual(auto.results[1]);
  await page.focus('#viewer');
  await page.keyboard.press('m');
  const manual = await settled(page);
  expect(manual).toMatchObject({ mode: 'manual' });
  expect(manual.results.map(({ classNumber }) => classNumber)).toEqual([1]);
  await page.evaluate(() => window.sam2rad.setPrompts({}));
  await page.click('button[title^="Has learned no classes"]');
  await page.waitForFunction(() => window.sam2rad.state().model === 'sam2-nano-shapes.safetensors');
  await settled(page);
});

test("nothing leaves: the page and the engine's thread are refused any other address", async () => {
  let asked = 0;
  const other = createServer((_, response) => {
    asked += 1;
    response.setHeader('access-control-allow-origin', '*').end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  expect(complaints).toEqual([]);
  const ask = (url: string) =>
    fetch(url).then(
      () => 'answered',
      () => 'refused',
    );
  const [worker] = page.workers();
  expect(await page.evaluate(ask, address)).toBe('refused');
  expect(await worker?.evaluate(ask, address)).toBe('refused');
  expect(asked).toBe(0);
  other.close();
});

test('a lost device: the model is loaded again, the prompts and the mask are the same', async () => {
  await page.evaluate(() => window.sam2rad.open('Wrist 000'));
  await page.evaluate(() => window.sam2rad.setPrompts({ box: [220, 302, 571, 372] }));
  await settled(page);
  const before = await classMapOf(page);
  const session = await served.browser.target().createCDPSession();
  await session.send('Browser.crashGpuProcess');
  await page.waitForFunction(() =>
    window.sam2rad.state().notice?.includes('loaded again; your prompts are still'),
  );
  expect(await settled(page)).toMatchObject({
    box: [220, 302, 571, 372],
    model: 'sam2-nano-shapes.safetensors',
  });
  expect((await classMapOf(page)) === before).toBe(true);
});

test('the first screen is the autonomous mode at work', async () => {
  const first = await served.browser.newPage();
  first.setDefaultTimeout(110_000);
  await first.setViewport({ width: 1440, height: 900 });
  await first.goto(served.url);
  const state = await settled(first);
  expect(state).toMatchObject({
    model: 'sam2rad-nano-phantoms.safetensors',
    picture: 'Wrist 000',
    mode: 'auto',
    box: null,
    points: [],
  });
  const panel = await first.$eval('#panel', ({ textContent }) => textContent);
  expect(panel).toContain('bone surface');
  expect([...(await classMapOf(first))].filter((number) => number === '\u0001').length).toBeGreaterThan(100);
  await first.screenshot({ path: FIRST_SCREEN });
  console.log(`the first screen as a picture: ${FIRST_SCREEN}`);
  // A mask need not fill the box that its predictor made: who wants to see that asks for it.
  expect(await first.$('.vectors .predicted')).toBeNull();
  const [asked] = await first.$$('#panel label ::-p-text(Learned box)');
  await asked?.click();
  await first.waitForSelector('.vectors .predicted');
  await first.close();
});

test('without WebGPU the page says what to do, and shows the rest', async () => {
  const plain = await served.browser.newPage();
  await plain.evaluateOnNewDocument(() =>
    Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }),
  );
  await plain.goto(served.url);
  const panel = await plain.waitForSelector('.unsupported', { visible: true });
  const text = await panel?.evaluate((element) => element.textContent);
  for (const word of ['WebGPU', 'Chrome', 'Firefox', 'Safari', 'graphics driver'])
    expect(text).toContain(word);
  await plain.close();
});

async function keys(held: 'Control', key: 'y' | 'z'): Promise<void> {
  await page.keyboard.down(held);
  await page.keyboard.press(key);
  await page.keyboard.up(held);
  await settled(page);
}

function intersectionOverUnion(actual: Uint8Array, expected: Uint8Array): number {
  expect(actual).toHaveLength(expected.length);
  let [both, either] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] && expected[i]) both += 1;
    if (actual[i] || expected[i]) either += 1;
  }
  return both / either;
}

/** A PNG that ends after its header. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(33);
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}
