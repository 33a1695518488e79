import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';
import * as kernels from '../../src/generated/kernels.ts';
import { type Kernel, textOf } from '../../src/gpu/kernel.ts';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest } from '../gpu-device.ts';
import { lastLaneFirst } from '../lane-order.ts';

test('no kernel depends on the order of its lanes: it is right with the last one first', async (context) => {
  const script = fileURLToPath(new URL('lanes.deno.ts', import.meta.url));
  const { adapter, failures, turned } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    turned: string[];
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  const withBarriers: string[] = [];
  for (const kernel of Object.values(kernels) as readonly Kernel[])
    if ((await textOf(kernel)).includes('workgroupBarrier')) withBarriers.push(kernel.name);
  expect(turned).toEqual(withBarriers.sort());
});

it('renumbers lanes by their index and by their ids; those that know nothing of each other stay', () => {
  const kernel = (params: string, body: string) =>
    `@compute @workgroup_size(WIDE,8)fn main(@builtin(workgroup_id)group:vec3u,${params}){${body}}`;
  const barrier = 'workgroupBarrier();';
  expect(lastLaneFirst(kernel('@builtin(local_invocation_index)lane:u32', barrier))).toBe(
    kernel(
      '@builtin(local_invocation_index)own_lane:u32',
      `let lane=u32(WIDE)*u32(8)*u32(1)-1-own_lane;${barrier}`,
    ),
  );
  expect(lastLaneFirst(kernel('@builtin(local_invocation_id)id:vec3u', barrier))).toBe(
    kernel(
      '@builtin(local_invocation_id)own_id:vec3u',
      `let id=vec3u(u32(WIDE),u32(8),u32(1))-1-own_id;${barrier}`,
    ),
  );
  const alone = kernel('@builtin(local_invocation_index)lane:u32', '');
  expect(lastLaneFirst(alone)).toBe(alone);
  expect(() => lastLaneFirst(kernel('@builtin(global_invocation_id)id:vec3u', barrier))).toThrow(
    /renumbered/,
  );
});
