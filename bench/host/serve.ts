import { createReadStream, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer';
import { createServer } from 'vite';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The page may use threads and fine clocks only when it is isolated: WASM providers need both for their best. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const TYPES: Readonly<Record<string, string>> = {
  mjs: 'text/javascript',
  js: 'text/javascript',
  wasm: 'application/wasm',
  json: 'application/json',
};

/** Folders that the page fetches files from as they are, by the first part of their address. */
const FOLDERS: Readonly<Record<string, string>> = {
  '/onnx/': join(root, 'bench/onnx'),
  '/goldens/': join(root, 'test/fixtures/goldens'),
  '/ort/': dirname(createRequire(import.meta.url).resolve('onnxruntime-web')),
};

function sendFile(address: string, response: ServerResponse): boolean {
  const path = new URL(address, 'http://localhost').pathname;
  const [prefix, folder] = Object.entries(FOLDERS).find(([start]) => path.startsWith(start)) ?? [];
  if (!prefix || !folder) return false;
  const file = join(folder, normalize(path.slice(prefix.length)));
  const size = file.startsWith(folder) ? statSync(file, { throwIfNoEntry: false })?.size : undefined;
  if (size === undefined) return false;
  response.writeHead(200, {
    'Content-Type': TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    'Content-Length': size,
    ...ISOLATED,
  });
  createReadStream(file).pipe(response);
  return true;
}

/** Serves bench/page, opens it in headless Chromium and hands it to `work`; closes everything afterwards. */
export async function withPage<T>(work: (page: Page, browserVersion: string) => Promise<T>): Promise<T> {
  const server = await createServer({
    root: join(root, 'bench/page'),
    configFile: false,
    logLevel: 'error',
    // A build of its own, or it would share, and upset, the cache of the app's server.
    cacheDir: join(root, 'node_modules/.cache/bench-vite'),
    optimizeDeps: { noDiscovery: true },
    server: { port: 0, host: 'localhost', hmr: false, watch: null, headers: ISOLATED, fs: { allow: [root] } },
    plugins: [
      {
        name: 'bench-files',
        configureServer: ({ middlewares }) => {
          middlewares.use((request, response, next) => {
            if (!sendFile(request.url ?? '', response)) next();
          });
        },
      },
    ],
  });
  await server.listen();
  // Timestamps to the nanosecond instead of 100 us.
  const browser = await launchBrowser(['--enable-webgpu-developer-features']);
  try {
    const page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'debug') console.error(`page: ${message.text()}`);
    });
    page.on('pageerror', (error) => console.error(`page: ${error}`));
    await page.goto(server.resolvedUrls?.local[0] ?? '', { waitUntil: 'load' });
    await page.waitForFunction('window.bench !== undefined');
    return await work(page, await browser.version());
  } finally {
    await browser.close();
    await server.close();
  }
}
