import puppeteer, { type Browser } from 'puppeteer';
import { missingMessage } from './ensure.ts';
import { findChromium } from './find.ts';

/** A browser on SwiftShader computes for minutes without answering; that is no failure. */
const PROTOCOL_TIMEOUT_MS = 600_000;

const FLAGS = [
  '--enable-unsafe-webgpu',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * The installed Chromium, headless, with WebGPU on SwiftShader (on the machine's own GPU with
 * SAM2RAD_GPU=native) and a fresh profile that goes with `close()`.
 * `navigator.gpu` exists in a secure context only: serve pages from http://localhost, never from data: URLs.
 */
export async function launchBrowser(extraFlags: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(missingMessage(['Chromium or Chrome']));
  const adapter =
    process.env['SAM2RAD_GPU'] === 'native' ? '--enable-features=Vulkan' : '--use-webgpu-adapter=swiftshader';
  return puppeteer.launch({
    executablePath,
    headless: true,
    args: [...FLAGS, adapter, ...extraFlags],
    protocolTimeout: PROTOCOL_TIMEOUT_MS,
  });
}
