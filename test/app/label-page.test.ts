import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePng } from '../../src/evaluation.ts';
import { grey } from '../dataset/files.ts';
import { goldenModelFile } from '../models/golden-run.ts';
import { click, drag, drop, readWhenThere, type Served, servePage, settled } from './served-page.ts';

/** Labelling as a person does it: real pointers and keys on the built page. */

const WRIST = { width: 636, height: 533 };
const SCREENSHOT = join(tmpdir(), 'sam2rad-labels.png');

let served: Served;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  served = await servePage();
  page = await served.browser.newPage();
  page.setDefaultTimeout(110_000);
  await page.setViewport({ width: 1440, height: 900 });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${served.url}?model=plain`);
  await settled(page);
  await page.focus('#viewer');
});

afterAll(() => served?.close());

/** Class numbers of a picture's label; null where it has none. As text, which crosses faster than numbers. */
async function labelOf(name?: string): Promise<Uint8Array | null> {
  const text = await page.evaluate((title) => {
    const map = window.sam2rad.labelMap(title);
    return map && new TextDecoder().decode(map);
  }, name);
  return text === null ? null : Buffer.from(text, 'latin1');
}

const count = (map: Uint8Array | null, classNumber = 1) =>
  map?.reduce((sum, value) => sum + Number(value === classNumber), 0) ?? -1;
const at = (map: Uint8Array | null, x: number, y: number) => map?.[y * WRIST.width + x];
const marks = () => page.$$eval('.label-mark .words', (all) => all.map((mark) => mark.textContent));

async function undo(): Promise<void> {
  await page.keyboard.down('Control');
  await page.keyboard.press('z');
  await page.keyboard.up('Control');
  await settled(page);
}

test("a proposal is kept, corrected with brush and eraser, and accepted; the pixels are the pointer's", async () => {
  await drag(page, [220, 302, 571, 372]);
  const { results } = await settled(page);
  await page.waitForSelector('.vectors .proposal');
  await page.keyboard.press('k');
  const kept = await labelOf();
  expect(count(kept)).toBe(results[0]?.area);
  expect(await settled(page)).toMatchObject({ label: 'draft', box: null, results: [] });
  await page.waitForSelector('.vectors .contour:not(.proposal)');

  await page.keyboard.press('p');
  await page.waitForSelector('.brush-size input');
  await page.$eval('.brush-size input', (input) => {
    (input as HTMLInputElement).value = '9';
    input.dispatchEvent(new Event('input'));
  });
  // Two moves in all: what lies between them is the brush's own doing.
  await drag(page, [100, 100, 300, 160]);
  const painted = await labelOf();
  for (let share = 0; share <= 1; share += 0.01)
    expect(at(painted, 100 + Math.round(200 * share), 100 + Math.round(60 * share))).toBe(1);
  const stroke = count(painted) - count(kept);
  // A band of 9 pixels, with a round end on each side; the pointer stops at whole pixels of the window.
  expect(Math.abs(stroke - (Math.hypot(200, 60) * 9 + Math.PI * 4.5 ** 2))).toBeLessThan(40);
  await page.waitForSelector('.vectors .ring');

  await click(page, [200, 130], 'right');
  expect(at(await labelOf(), 200, 130)).toBe(0);
  await undo();
  expect(Buffer.compare((await labelOf()) ?? Buffer.of(), painted ?? Buffer.of())).toBe(0);
  await page.screenshot({ path: SCREENSHOT });
  console.log(`labelling as a picture: ${SCREENSHOT}`);

  expect(await marks()).toEqual(['draft label']);
  await page.keyboard.press('a');
  expect(await settled(page)).toMatchObject({ picture: 'Hip 003', accepted: ['Wrist 000'], label: null });
  expect(await marks()).toEqual(['label accepted']);
  expect(await page.$eval('.label-count', (line) => line.textContent)).toBe('1 of 6 accepted');
  expect(await page.$eval('#live-labels', (live) => live.textContent)).toBe('Label accepted. 1 accepted.');
  expect(Buffer.compare((await labelOf('Wrist 000')) ?? Buffer.of(), painted ?? Buffer.of())).toBe(0);
});

test('without a mouse and by touch: a dab at the cursor, a finger draws, and two fingers do not', async () => {
  await page.keyboard.press(']');
  for (const key of ['ArrowRight', 'Enter'] as const) await page.keyboard.press(key);
  const dab = count(await labelOf());
  expect(dab).toBeGreaterThan(50);
  await page.keyboard.down('Shift');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Shift');
  expect(count(await labelOf())).toBe(0);
  await undo();
  const place = (x: number, y: number) => page.evaluate((a, b) => window.sam2rad.toPage(a, b), x, y);
  const [from, to, other] = [await place(60, 60), await place(160, 60), await place(200, 200)];
  const finger = await page.touchscreen.touchStart(from.x, from.y);
  await finger.move(to.x, to.y);
  const second = await page.touchscreen.touchStart(other.x, other.y);
  await second.end();
  await finger.end();
  expect(count(await labelOf())).toBe(dab);
  const alone = await page.touchscreen.touchStart(from.x, from.y);
  await alone.move(to.x, to.y);
  await alone.end();
  expect(count(await labelOf())).toBeGreaterThan(dab + 800);
  await page.keyboard.press('r');
  await undo();
  await undo();
  await undo();
  expect(await settled(page)).toMatchObject({ label: null, accepted: ['Wrist 000'] });
});

test('a label that was downloaded is a mask that can be dropped; a bad mask is a sentence', async () => {
  await page.evaluate(() => window.sam2rad.open('Wrist 000'));
  await settled(page);
  const before = await labelOf();
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: served.scratch });
  await page.click('.download-label');
  const bytes = await readWhenThere(join(served.scratch, 'wrist-000_mask.png'));
  expect(await decodePng('mask', bytes)).toMatchObject({ ...WRIST, kind: 'grey', bits: 8 });
  await page.focus('#viewer');
  await page.keyboard.press('r');
  expect(await settled(page)).toMatchObject({ label: null, accepted: [] });
  await drop(page, 'Wrist 000_mask.png', bytes);
  await page.waitForFunction(() => window.sam2rad.state().label === 'draft');
  expect(Buffer.compare((await labelOf()) ?? Buffer.of(), before ?? Buffer.of())).toBe(0);
  await drop(page, 'wrist-000_mask.png', grey('11', '00'));
  await page.waitForFunction(() => window.sam2rad.state().notice?.includes('2 x 2 pixels'));
  expect(Buffer.compare((await labelOf()) ?? Buffer.of(), before ?? Buffer.of())).toBe(0);
  await page.keyboard.press('a');
});

test('a trained model makes drafts of the rest; one is taken after the other', async () => {
  for (const name of ['Shoulder 007', 'Wrist 003', 'Hip 000']) {
    await page.evaluate((title) => window.sam2rad.open(title), name);
    await settled(page);
    await page.evaluate(() => window.sam2rad.paint([{ x: 9, y: 9 }], { size: 5 }));
    await page.evaluate(() => window.sam2rad.accept());
  }
  await page.evaluate(() => window.sam2rad.open('Hip 003'));
  const path = join(served.scratch, 'nano-sam2rad.safetensors');
  writeFileSync(path, new Uint8Array(await (await goldenModelFile('nano-sam2rad')).arrayBuffer()));
  const [chooser] = await Promise.all([page.waitForFileChooser(), page.click('.card .row button')]);
  await chooser.accept([path]);
  await page.waitForFunction(() => window.sam2rad.state().model === 'nano-sam2rad.safetensors');
  await settled(page);
  await page.evaluate(() => window.sam2rad.segmentRest());
  // What was found last is drawn in the next frame.
  await page.waitForFunction(() => document.querySelectorAll('.label-mark .words').length === 6);
  expect((await marks()).sort()).toEqual([
    ...Array(2).fill('draft label'),
    ...Array(4).fill('label accepted'),
  ]);
  const state = await settled(page);
  expect(state).toMatchObject({ picture: 'Hip 003', label: 'draft' });
  expect(state.results).not.toEqual([]);
  // What the model found anew is not laid over the draft that came from it.
  expect(await page.$$('.vectors .proposal')).toEqual([]);
  await page.evaluate(() => window.sam2rad.accept());
  const { picture, label, accepted } = await page.evaluate(() => window.sam2rad.state());
  expect([picture, label, accepted.length]).toEqual(['Shoulder 000', 'draft', 5]);
  expect(complaints).toEqual([]);
});
