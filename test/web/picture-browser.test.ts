import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Rolldown } from 'vite';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';

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

test('headless Chromium: every kind of picture gives the same pixels, in the page and in a worker', async () => {
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
  const browser = await launchBrowser();
  try {
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const page = await browser.newPage();
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
    const { closed, 'closed frame': closedFrame, 'loading image': loading, foreign, ...read } = inPage;
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
    expect(Object.keys(inWorker)).toHaveLength(6);
  } finally {
    await browser.close();
    server.close();
  }
});
