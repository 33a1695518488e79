import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest } from '../gpu-device.ts';

it('pictures and masks meet their goldens on wgpu too', async (context) => {
  const script = fileURLToPath(new URL('picture.deno.ts', import.meta.url));
  const { worst, label } = (await runDeno(script)) as { worst: Record<string, number>; label: string };
  countGpuTest(context, label);
  const { sam, sam2, sam2rad, logits, area, classes } = worst;
  for (const error of [sam, sam2, sam2rad, logits]) expect(error).toBeLessThan(1e-5);
  expect([area, classes]).toEqual([0, 0]);
});
