import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer';
import { build, preview } from 'vite';
import { launchBrowser } from '../../tools/runtimes/chromium.ts';

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));

/** The built page on a local port, and a browser to open it in. */
export interface Served {
  readonly url: string;
  readonly browser: Browser;
  /** A folder that goes with `close()`. */
  readonly scratch: string;
  close(): Promise<void>;
}

export async function servePage(): Promise<Served> {
  const scratch = mkdtempSync(join(tmpdir(), 'sam2rad-page-'));
  const outDir = join(scratch, 'page');
  await build({ configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const server = await preview({
    configFile,
    logLevel: 'error',
    build: { outDir },
    preview: { host: 'localhost', port: 0 },
  });
  const browser = await launchBrowser();
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('vite preview has no address');
  return {
    ...{ url, browser, scratch },
    async close() {
      await browser.close();
      await server.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Waits until nothing is being loaded, encoded or predicted, and says what is on show. */
export async function settled(page: Page): Promise<ReturnType<Window['sam2rad']['state']>> {
  const isSettled = () => {
    const state = window.sam2rad?.state();
    return state !== undefined && !state.busy && state.model !== null && state.picture !== null;
  };
  await page.waitForFunction(isSettled, { polling: 50 }).catch(async (cause: unknown) => {
    const state = await page.evaluate(() => window.sam2rad?.state());
    throw new Error(`the page does not settle: ${JSON.stringify(state)}`, { cause });
  });
  return page.evaluate(() => window.sam2rad.state());
}

/**
 * The class numbers on show as text, one character each; empty where there is no mask. Text crosses to Node and is
 * compared much faster than a list of numbers.
 */
export async function classMapOf(page: Page): Promise<string> {
  return page.evaluate(() => new TextDecoder().decode(window.sam2rad.classMap()?.data));
}

/** Drags the mouse between two places in pixels of the picture. */
export async function drag(page: Page, [x0, y0, x1, y1]: readonly number[]): Promise<void> {
  const [from, to] = await page.evaluate(
    (a, b, c, d) => [window.sam2rad.toPage(a, b), window.sam2rad.toPage(c, d)] as const,
    ...([x0 ?? 0, y0 ?? 0, x1 ?? 0, y1 ?? 0] as const),
  );
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 3 });
  await page.mouse.move(to.x, to.y);
  await page.mouse.up();
}

/** Clicks into the middle of a pixel of the picture. */
export async function click(
  page: Page,
  [x = 0, y = 0]: readonly number[],
  button: 'left' | 'right' = 'left',
) {
  const at = await page.evaluate((px, py) => window.sam2rad.toPage(px + 0.5, py + 0.5), x, y);
  await page.mouse.click(at.x, at.y, { button });
}

/** Drops a file on the page. */
export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    async (fileName, base64) => {
      const file = new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], fileName);
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      window.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    },
    name,
    Buffer.from(bytes).toString('base64'),
  );
}

/** A download, as soon as the browser has written it. */
export async function readWhenThere(path: string): Promise<Buffer> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return readFileSync(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${path} was not downloaded`);
}
