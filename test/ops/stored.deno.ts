/** Run by Deno: every case in every storage, by each variant of a GPU and by what this adapter gets; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { CASES, STORAGES } from './stored-cases.ts';
import { gpuWith, PRODUCTS } from './variant-traits.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
let cases = 0;
for (const storage of STORAGES)
  for (const [name, run] of Object.entries(CASES))
    for (const traits of [...PRODUCTS.map(gpuWith), {}]) {
      cases += 1;
      await run(navigator.gpu, { ...traits, storage }).catch((error: unknown) =>
        failures.push(`${name} as ${storage}: ${String(error)}`),
      );
    }
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), failures, cases }));
process.exit(0);
