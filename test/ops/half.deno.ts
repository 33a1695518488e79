/** Run by Deno: every case in every storage, by both kernels that compute in f16; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { CASES } from './half-cases.ts';
import { STORAGES } from './stored-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
let cases = 0;
for (const storage of STORAGES)
  for (const [name, run] of Object.entries(CASES))
    for (const cpu of [false, true]) {
      cases += 1;
      await run(navigator.gpu, { cpu, subgroups: false, storage }).catch((error: unknown) =>
        failures.push(`${name} as ${storage}, cpu ${cpu}: ${String(error)}`),
      );
    }
const half = adapter.features.has('shader-f16');
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), half, failures, cases }));
process.exit(0);
