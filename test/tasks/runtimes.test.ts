import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer';
import type { Rolldown } from 'vite';
import { build } from 'vite';
import { afterAll, expect, test, vi } from 'vitest';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { expectSamePixels } from '../web/read-in-browser.ts';
import { type Segmented, segmentDemo } from './engine.ts';
import { DEMO_PATH, demoFile, disc } from './models.ts';

const grey = disc(62, 52);
/** What a canvas holds. */
const rgba = new Uint8ClampedArray(4 * grey.data.length).map((_, i) =>
  i % 4 === 3 ? 255 : (grey.data[i >> 2] ?? 0),
);
const { width, height } = grey;

let reference: Promise<Segmented[]> | undefined;
const inNode = async (): Promise<Segmented> => {
  reference ??= segmentDemo(await demoFile(), [grey], createNodeGpu());
  const [segmented] = await reference;
  if (!segmented) throw new Error('Node segmented nothing');
  return segmented;
};

/** One for the file: it takes longer to start than most of what it shows here. */
let launched: Promise<Browser> | undefined;
const browser = () => {
  launched ??= launchBrowser();
  return launched;
};
afterAll(async () => {
  await (await launched)?.close();
});

/** The same mask as in Node, but for pixels on the edge where another adapter rounds otherwise. */
async function expectSame({ mask, iou }: Pick<Segmented, 'mask' | 'iou'>): Promise<void> {
  const node = await inNode();
  const both = mask.filter((inside, i) => inside && node.mask[i]).length;
  const either = mask.filter((inside, i) => inside || node.mask[i]).length;
  expect(either).toBeGreaterThan(300);
  expect(both / either).toBeGreaterThanOrEqual(0.995);
  expect(iou).toBeCloseTo(node.iou, 3);
}

gpuTest('Node: the demo model finds the disc in its box', async () => {
  const { mask, area } = await inNode();
  const inside = mask.filter((value, i) => value && grey.data[i] === 200).length;
  const disced = grey.data.filter((value) => value === 200).length;
  expect(inside / (area + disced - inside)).toBeGreaterThan(0.75);
});

test('Deno: the same mask on wgpu, from an ImageData', async (context) => {
  const script = fileURLToPath(new URL('engine.deno.ts', import.meta.url));
  const picture = JSON.stringify({ data: Buffer.from(rgba).toString('base64'), width, height });
  const { label, ...result } = (await runDeno(script, [DEMO_PATH, picture])) as Segmented & { label: string };
  countGpuTest(context, label);
  await expectSame(result);
});

/** The worker with the engine, by address: its chunks come when they are asked for. */
async function bundleWorker(): Promise<ReadonlyMap<string, string>> {
  const entry = fileURLToPath(new URL('engine-worker.ts', import.meta.url));
  const options = { lib: { entry, formats: ['es' as const] }, write: false, minify: false, target: 'es2022' };
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: options,
  })) as Rolldown.RolldownOutput[];
  const chunks = built.flatMap(({ output }) => output).filter((one) => one.type === 'chunk');
  return new Map(
    chunks.map(({ fileName, isEntry, code }) => [isEntry ? '/worker.js' : `/${fileName}`, code]),
  );
}

test('Chromium: the same mask in a module worker, from an OffscreenCanvas and an ImageBitmap', async (context) => {
  const chunks = await bundleWorker();
  const asked: string[] = [];
  const server = createServer(({ url: address = '' }, response) => {
    const isCut = address.startsWith('/cut/');
    const url = address.replace(/^\/cut/, '');
    if (url === '/model.safetensors') {
      response.setHeader('content-length', statSync(DEMO_PATH).size);
      createReadStream(DEMO_PATH).pipe(response);
    } else if (chunks.has(url) && !(isCut && /encoder/.test(url))) {
      if (!isCut) asked.push(url);
      response.setHeader('content-type', 'text/javascript').end(chunks.get(url));
    } else response.setHeader('content-type', 'text/html').end('<!doctype html>');
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const page = await (await browser()).newPage();
  try {
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const ask = async (worker: string) =>
      (await page.evaluate(
        (bytes, w, h, path) =>
          new Promise((resolve, reject) => {
            const work = new Worker(path, { type: 'module' });
            work.onmessage = ({ data }) => resolve(data);
            work.onerror = ({ message }) => reject(new Error(message));
            work.postMessage({ rgba: new Uint8ClampedArray(bytes), width: w, height: h });
          }),
        Array.from(rgba),
        width,
        height,
        worker,
      )) as { results?: Segmented[]; error?: string };
    const answer = await ask('/worker.js');
    expect(answer.error).toBeUndefined();
    expect(answer.results).toHaveLength(2);
    for (const result of answer.results ?? []) {
      const label = adapterLabel(result.adapter, 'Chromium');
      if (process.platform === 'linux' && process.env['SAM2RAD_GPU'] !== 'native')
        expect(label).toBe('SwiftShader/Chromium');
      countGpuTest(context, label);
      await expectSame(result);
    }
    const { error } = await ask('/cut/worker.js');
    expect(error).toMatch(
      /UnsupportedError: the engine's part for hiera could not be loaded .*check the connection/,
    );
    // A Hiera from a safetensors file needs no other family, and no reader of torch files.
    expect(asked.filter((url) => /encoder/.test(url)).length).toBeGreaterThan(0);
    expect(new Set(asked).size).toBeLessThan(chunks.size);
  } finally {
    await page.close();
    server.close();
  }
});

test('Chromium: every kind of picture gives the same pixels, in the page and in a worker', async () => {
  await expectSamePixels(await browser());
});

test('a runtime without Symbol.dispose: what using calls goes by the name that bundlers look for', async () => {
  const { dispose: _, asyncDispose: __, ...known } = Object.getOwnPropertyDescriptors(Symbol);
  const symbol = Symbol;
  const older = Object.defineProperties((text?: string) => symbol(text), known);
  vi.stubGlobal('Symbol', older);
  vi.resetModules();
  const { Segmenter, Session } = await import('../../src/tasks/segmenter.ts');
  vi.unstubAllGlobals();
  for (const { prototype } of [Segmenter, Session]) {
    expect(Reflect.get(prototype, Symbol.for('Symbol.dispose'))).toBeTypeOf('function');
    expect('undefined' in prototype).toBe(false);
  }
});
