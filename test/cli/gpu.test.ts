import { afterEach, expect, test, vi } from 'vitest';
import { UnsupportedError } from '../../src/errors.ts';
import { openGpu } from '../../weights-tools/node/gpu.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A `create` whose adapters exist for some drivers only, and the drivers that it was asked for. */
function fakeDawn(hasAdapter: (driver: string | undefined) => boolean) {
  const asked: (string | undefined)[] = [];
  const create = () => {
    const requestAdapter = async () => {
      const driver = process.env['VK_ICD_FILENAMES'];
      asked.push(driver);
      return hasAdapter(driver) ? {} : null;
    };
    return { requestAdapter } as unknown as GPU;
  };
  return { asked, create };
}

const message = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'an adapter was found',
    (error) => (error instanceof UnsupportedError ? error.message : error),
  );

test('a driver that the user names is the only one that is asked', async () => {
  vi.stubEnv('VK_ICD_FILENAMES', '/no/such.json');
  const { asked, create } = fakeDawn(() => false);
  expect(await message(openGpu(create))).toMatch(
    /no WebGPU adapter with VK_ICD_FILENAMES=\/no\/such\.json: correct/,
  );
  expect(asked).toEqual(['/no/such.json']);
});

test("without one the system's drivers and a browser's SwiftShader are tried; none is a message with a command", async () => {
  vi.stubEnv('VK_ICD_FILENAMES', undefined);
  vi.stubEnv('VK_DRIVER_FILES', undefined);
  const { asked, create } = fakeDawn(() => false);
  expect(await message(openGpu(create))).toMatch(/no WebGPU adapter: (install|update)/);
  expect(asked).toContain(undefined);
  expect(process.env['VK_ICD_FILENAMES']).toBeUndefined();
  if (process.platform !== 'linux') return;
  // The browser of the tests brings it.
  expect(asked.filter((driver) => driver?.endsWith('vk_swiftshader_icd.json'))).toHaveLength(1);
});

test('SwiftShader of a browser is found where the system has no driver', async () => {
  vi.stubEnv('VK_ICD_FILENAMES', undefined);
  vi.stubEnv('VK_DRIVER_FILES', undefined);
  const { create } = fakeDawn((driver) => driver !== undefined || process.platform !== 'linux');
  expect(await message(openGpu(create))).toBe('an adapter was found');
});
