/** Serves bench/page, and opens it in a browser of its own. */
import { createReadStream, realpathSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer';
import { createServer, type ViteDevServer } from 'vite';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';
import { cpuMsOfGpuProcess, driverOf } from './gpu-process.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Where packages really lie: in a worktree the folder may be a link. */
const modules = realpathSync(join(root, 'node_modules'));

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

/** Single files that the page may fetch, by their address. */
export type Files = ReadonlyMap<string, string>;

/** The address at which the page finds a file of the machine's. */
export const addressOf = (file: string): string => `/file${normalize(`/${file}`)}`;

function pathOf(address: string, files: Files): string | undefined {
  const path = decodeURIComponent(new URL(address, 'http://localhost').pathname);
  const single = files.get(path);
  if (single !== undefined) return single;
  const [prefix, folder] = Object.entries(FOLDERS).find(([start]) => path.startsWith(start)) ?? [];
  if (!prefix || !folder) return undefined;
  const file = join(folder, normalize(path.slice(prefix.length)));
  return file.startsWith(folder) ? file : undefined;
}

function sendFile(address: string, response: ServerResponse, files: Files): boolean {
  const file = pathOf(address, files);
  const size = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.size;
  if (file === undefined || size === undefined) return false;
  response.writeHead(200, {
    'Content-Type': TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    'Content-Length': size,
    ...ISOLATED,
  });
  createReadStream(file).pipe(response);
  return true;
}

/** bench/page on a free local port. */
export async function servePage(files: Files = new Map()): Promise<ViteDevServer> {
  const server = await createServer({
    root: join(root, 'bench/page'),
    configFile: false,
    logLevel: 'error',
    // A build of its own, or it would share, and upset, the cache of the app's server.
    cacheDir: join(root, 'node_modules/.cache/bench-vite'),
    optimizeDeps: { noDiscovery: true },
    server: {
      port: 0,
      host: 'localhost',
      hmr: false,
      watch: null,
      headers: ISOLATED,
      fs: { allow: [root, modules] },
    },
    plugins: [
      {
        name: 'bench-files',
        configureServer: ({ middlewares }) => {
          middlewares.use((request, response, next) => {
            if (!sendFile(request.url ?? '', response, files)) next();
          });
        },
      },
    ],
  });
  await server.listen();
  return server;
}

const PATIENCE_MS = 180_000;

/** The page that measures, and what its browser says of itself. */
export interface Opened {
  readonly page: Page;
  readonly version: string;
  readonly driver: string;
}

/** Opens bench/page in a fresh headless Chromium and hands it to `work`; closes everything afterwards. */
export async function withPage<T>(
  work: (opened: Opened) => Promise<T>,
  { say, file }: { readonly say: (line: string) => void; readonly file?: string | undefined },
): Promise<T> {
  const files = file === undefined ? [] : [[addressOf(file), file] as const];
  const server = await servePage(new Map(files));
  // Timestamps to the nanosecond instead of 100 us.
  const browser = await launchBrowser(['--enable-webgpu-developer-features']);
  try {
    const page = await browser.newPage();
    // A machine that has other things to do takes long to compile the page's modules, too.
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() !== 'debug') say(`page: ${message.text()}`);
    });
    page.on('pageerror', (error) => say(`page: ${error}`));
    await page.exposeFunction('hostSay', say);
    await page.exposeFunction('hostCores', () => cpus().length);
    const cpuMs = await cpuMsOfGpuProcess(browser);
    if (cpuMs) await page.exposeFunction('hostCpuMs', cpuMs);
    await page.goto(server.resolvedUrls?.local[0] ?? '', { waitUntil: 'load' });
    await page.waitForFunction('window.bench !== undefined');
    return await work({ page, version: await browser.version(), driver: await driverOf(browser) });
  } finally {
    await browser.close();
    await server.close();
  }
}
