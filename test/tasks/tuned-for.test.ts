import { expect, test, vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { tunedFor } from '../../src/tasks/tuned-for.ts';

vi.mock('../../src/tasks/tune.ts', () => {
  throw new TypeError('Failed to fetch dynamically imported module');
});

test('where the tuner does not come defaults compute, and a note says so', async () => {
  const traits = { cpu: false, subgroups: false };
  // Nothing else of it is asked before the tuner is there.
  const gpu = { traits, guard: <T>(work: Promise<T>) => work } as unknown as Gpu;
  const tuning = { read: async () => null, write: async () => {} };
  expect(await tunedFor(gpu, traits, () => [], { tuning })).toEqual({
    notes: [
      expect.stringMatching(
        /^kernels are not tuned: the engine's part for tuning could not be loaded \(.*\): check the connection/s,
      ),
    ],
  });
});
