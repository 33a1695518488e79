import { describe, expect } from 'vitest';
import { clampValues } from '../../src/ops/clamp-values.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';

describe('clampValues', () => {
  for (const length of [1, 63, 64, 67])
    gpuTest(`${length} values`, async (gpu) => {
      const x = randomValues(length, 1).map((v) => v * 64);
      const [y] = await runGraph(gpu, (g, feed) => clampValues(g, feed('x', [length], x), -32, 30.5));
      expect([...(y ?? [])]).toEqual(Array.from(x, (v) => (v < -32 ? -32 : v > 30.5 ? 30.5 : v)));
    });
});
