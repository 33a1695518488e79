import { openAsBlob, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError, download, loadModel, UnsupportedError } from '../../src/index.ts';
import { gpuTest } from '../gpu-device.ts';
import { fixtureNames, fixturePath } from '../weights/fixtures.ts';
import { countedGpu } from './counted-gpu.ts';
import { DEMO_PATH, demoFile } from './models.ts';

const WITHIN_MS = 1000;

/** A file that is no model never gets as far as a device. */
const noGpu = {
  requestAdapter: () => Promise.reject(new Error('the file should have been refused first')),
} as unknown as GPU;

async function expectRefusal(source: Blob | string | URL, gpu: GPU, message: RegExp): Promise<void> {
  const start = performance.now();
  const error = await loadModel(source, { gpu }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  const { message: got } = error as CheckpointError;
  expect(got).toMatch(message);
  expect(got).not.toMatch(/internal|undefined|\n/);
  expect(performance.now() - start).toBeLessThan(WITHIN_MS);
}

/** A File has a name, which the messages call it by. */
const named = (bytes: BlobPart, name: string) => new File([bytes], name);

describe('a file that is no model: one error, at once, before any device is asked for', () => {
  // What is timed is the reading, not the modules' first look at themselves.
  beforeAll(async () => {
    await loadModel(named('', 'warm.pt'), { gpu: noGpu }).catch(() => {});
  });
  test.each([
    ...fixtureNames('checkpoints/bad').map((name) => `bad/${name}`),
    ...fixtureNames('checkpoints/good')
      .filter((name) => name !== 'expected.json')
      .map((name) => `good/${name}`),
  ])('%s', async (path) => {
    const bytes = readFileSync(fixturePath(`checkpoints/${path}`));
    const name = path.slice(path.indexOf('/') + 1);
    await expectRefusal(named(bytes, name), noGpu, new RegExp(name.replaceAll('.', '\\.')));
  });

  test('a model that was cut off', async () => {
    const bytes = readFileSync(DEMO_PATH);
    for (const length of [100, 20_000, bytes.length / 2, bytes.length - 1])
      await expectRefusal(named(bytes.subarray(0, length), 'demo.safetensors'), noGpu, /demo\.safetensors/);
  });

  test('an address that gives nothing, or something else', async () => {
    await expectRefusal('nonsense', noGpu, /^nonsense cannot be fetched .*check the address/);
    await expectRefusal('data:text/html,<html><title>Log in</title>', noGpu, /is a web page \("Log in"\)/);
    const url = URL.createObjectURL(new Blob([]));
    await expectRefusal(url, noGpu, /is empty \(0 bytes\)/);
    URL.revokeObjectURL(url);
    await expectRefusal(url, noGpu, /^blob:.* cannot be fetched/);
  });

  test('what is neither an address nor a Blob is called by its kind, and a file of this machine is opened first', async () => {
    const bytes = readFileSync(DEMO_PATH);
    const expected =
      'expected an address or a Blob: new Blob\\(\\[bytes\\]\\), or openAsBlob\\(path\\) of node:fs$';
    for (const [got, source] of [
      ['Uint8Array', bytes],
      ['ArrayBuffer', bytes.buffer],
      ['Undefined', undefined],
      ['Response', new Response('a model')],
    ] as const) {
      const message = new RegExp(`^loadModel got ${got}, ${expected}`);
      await expectRefusal(source as unknown as Blob, noGpu, message);
    }
    const advice = /cannot be fetched .*; a file is opened with openAsBlob\(path\) of node:fs$/;
    await expectRefusal(DEMO_PATH, noGpu, advice);
    await expectRefusal(pathToFileURL(DEMO_PATH), noGpu, advice);
    await expectRefusal('http://localhost:1/model', noGpu, /check the address and the connection$/);
  });

  test('a way to the square that nobody knows', async () => {
    const wrong = { gpu: noGpu, preprocess: 'xx' as 'sam' };
    const loading = loadModel(await openAsBlob(DEMO_PATH), wrong);
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow("preprocess is 'xx', expected sam, sam2, sam2rad");
  });

  test('an image size that no model has', async () => {
    const file = await openAsBlob(DEMO_PATH);
    for (const imageSize of [0, 100, 4096, Number.NaN])
      await expect(loadModel(file, { gpu: noGpu, imageSize })).rejects.toThrow(CheckpointError);
  });
});

test('a download without options; what its onProgress throws is no failure of the network', async () => {
  const address = 'data:application/octet-stream;base64,AAAA';
  expect((await download(address)).size).toBe(3);
  const thrown = new Error('the page is gone');
  const onProgress = () => {
    throw thrown;
  };
  await expect(download(address, { onProgress })).rejects.toBe(thrown);
  await expect(loadModel(address, { gpu: noGpu, onProgress })).rejects.toBe(thrown);
});

test('the adapter is asked for as the caller prefers', async () => {
  const asked: unknown[] = [];
  const requestAdapter = async (options: unknown) => {
    asked.push(options);
    return null;
  };
  const gpu = { requestAdapter } as unknown as GPU;
  for (const choice of [{}, { powerPreference: 'low-power' }] as const)
    await expect(loadModel(await demoFile(), { gpu, ...choice })).rejects.toThrow('no adapter');
  expect(asked).toEqual([{ powerPreference: 'high-performance' }, { powerPreference: 'low-power' }]);
});

gpuTest('a file that breaks while its weights load leaves neither buffer nor device', async (gpu) => {
  const { gpu: counted, counts } = countedGpu(gpu);
  const file = await demoFile();
  let reads = 0;
  const breaking = new Proxy(file, {
    get(target, key) {
      if (key === 'slice')
        return (start?: number, end?: number) => {
          reads += 1;
          const part = target.slice(start, end);
          if (reads > 60) part.arrayBuffer = () => Promise.reject(new Error('the disk was pulled out'));
          return part;
        };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const error = await loadModel(breaking, { gpu: counted }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(String(error)).toMatch(/the disk was pulled out.*If the file changed on disk, choose it again\.$/);
  expect(counts.buffers).toBe(0);
  await expect.poll(() => counts.devices, { timeout: 100_000 }).toBe(0);
  expect(counts.made).toBeGreaterThan(0);
});
