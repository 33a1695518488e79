import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer';
import type { Rolldown } from 'vite';
import { build } from 'vite';
import { expect } from 'vitest';

/** read-everything.ts, and the reader with it, as a module for the browser. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('read-everything.ts', import.meta.url));
  const options = { lib: { entry, formats: ['es' as const] }, write: false, minify: false };
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: options,
  })) as Rolldown.RolldownOutput[];
  return built[0]?.output[0].code ?? '';
}

/** Every kind of picture gives the same pixels, in a page and in a worker. */
export async function expectSamePixels(browser: Browser): Promise<void> {
  const module = await bundle();
  const files: Record<string, [string, string]> = {
    '/': ['text/html', '<!doctype html>'],
    '/read.js': ['text/javascript', module],
    '/worker.js': [
      'text/javascript',
      `import { readEverything } from '/read.js'; postMessage(await readEverything());`,
    ],
    '/picture.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="1"/>'],
  };
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url ?? ''] ?? ['text/plain', ''];
    response.setHeader('content-type', type).end(body);
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const page = await browser.newPage();
  try {
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    await page.goto(`${origin}/`);
    // As text: what vitest makes of an import() would not run in the browser.
    const [inPage, inWorker] = (await page.evaluate(`import('/read.js').then(async ({ readEverything }) => [
      await readEverything(),
      await new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
    ])`)) as [Record<string, string>, Record<string, string>];
    const {
      closed,
      'closed frame': closedFrame,
      'loading image': loading,
      'Display P3': wide,
      'Display P3, drawn': drawn,
      foreign,
      ...read
    } = inPage;
    // (100, 200, 50) of Display P3 by its matrix and curves (CSS Color 4) is sRGB's (45, 203, below 0).
    expect(wide).toBe('1 x 1: ff00cb2d');
    expect(drawn).toBe(wide);
    // White at alpha 128 over black: 128.
    for (const [kind, pixels] of Object.entries(read))
      expect([kind, pixels]).toEqual([kind, '3 x 1: ff030201,ff3264c8,ff808080']);
    expect(Object.keys(read)).toHaveLength(6);
    for (const message of [closed, closedFrame, loading])
      expect(message).toMatch('PictureError: picture: 0 x 0 pixels');
    expect(foreign).toMatch(
      /PictureError: .*does not let its 3 x 1 pixels be read .*SecurityError.*crossOrigin/,
    );
    for (const [kind, pixels] of Object.entries(inWorker))
      expect([kind, pixels]).toEqual([kind, inPage[kind]]);
    expect(Object.keys(inWorker)).toHaveLength(8);
  } finally {
    await page.close();
    server.close();
  }
}
