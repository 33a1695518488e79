import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'puppeteer';

/**
 * CPU milliseconds of the browser's GPU process, in which SwiftShader computes, from Linux's accounts of its threads;
 * undefined on other systems.
 */
export async function cpuMsOfGpuProcess(browser: Browser): Promise<(() => number) | undefined> {
  if (process.platform !== 'linux') return undefined;
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const id = processInfo.find(({ type }) => type.toLowerCase() === 'gpu')?.id;
  if (id === undefined) return undefined;
  const folder = `/proc/${id}/task`;
  return () => {
    let nanoseconds = 0;
    for (const thread of readdirSync(folder)) {
      try {
        nanoseconds += Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]);
      } catch {
        // The thread has ended since it was listed.
      }
    }
    return nanoseconds / 1e6;
  };
}

/** What the browser says of the driver behind its adapters. */
export async function driverOf(browser: Browser): Promise<string> {
  const session = await browser.target().createCDPSession();
  const { gpu } = await session.send('SystemInfo.getInfo');
  const [device] = gpu.devices;
  return [device?.vendorString, device?.deviceString, device?.driverVendor, device?.driverVersion]
    .filter(Boolean)
    .join(' ');
}
