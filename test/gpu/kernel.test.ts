import { expect, test } from 'vitest';
import { UnsupportedError } from '../../src/errors.ts';
import { matmulQuad } from '../../src/generated/kernels.ts';
import { storedAs, textOf } from '../../src/gpu/kernel.ts';

test('a late text that does not come is an UnsupportedError with the name of the kernel', async () => {
  const lost = { ...matmulQuad, code: () => Promise.reject(new TypeError('Failed to fetch')) };
  for (const [kernel, name] of [
    [lost, 'matmul_quad'],
    [storedAs(lost, 'q8'), 'matmul_quad.q8'],
  ] as const) {
    const error = await textOf(kernel).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(String(error)).toContain(
      `the engine's part for kernel ${name} could not be loaded (TypeError: Failed to fetch)`,
    );
  }
});
