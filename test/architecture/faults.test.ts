import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runDeno } from '../../tools/runtimes/deno.ts';
import { countGpuTest, gpuTest } from '../gpu-device.ts';
import { CASES, type CaseName } from './fault-cases.ts';
import { compare, complaint, FAULTS, isForWgpu } from './planted-faults.ts';

const NOTICED = /^y: element \d+ is .*: (\S+) times the tolerance/;

function expectNoticed(fault: string, message: string): void {
  expect([fault, message]).toEqual([fault, expect.stringMatching(NOTICED)]);
  console.log(`${fault}: ${NOTICED.exec(message)?.[1]} tolerances`);
}

describe('the definitions hold without a fault', () => {
  for (const name of Object.keys(CASES) as CaseName[])
    if (!isForWgpu(name)) gpuTest(name, (gpu) => compare(gpu, name));
});

describe('planted faults are noticed', () => {
  for (const fault of FAULTS) {
    const [name, what] = fault;
    if (!isForWgpu(name))
      gpuTest(`${name}: ${what}`, async (gpu) =>
        expectNoticed(`${name}: ${what}`, await complaint(gpu, fault)),
      );
  }
});

test('the definitions of attention by tiles hold on wgpu, and planted faults are noticed', async (context) => {
  const script = fileURLToPath(new URL('faults.deno.ts', import.meta.url));
  const { adapter, failures, complaints } = (await runDeno(script)) as {
    adapter: string;
    failures: string[];
    complaints: [string, string][];
  };
  countGpuTest(context, adapter);
  expect(failures).toEqual([]);
  const planted = FAULTS.filter(([name]) => isForWgpu(name)).map(([name, what]) => `${name}: ${what}`);
  expect(complaints.map(([fault]) => fault)).toEqual(planted);
  for (const [fault, message] of complaints) expectNoticed(fault, message);
});
