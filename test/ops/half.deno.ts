/** Run by Deno: every case in every storage, by all kernels that compute in f16; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { CASES } from './half-cases.ts';
import { STORAGES } from './stored-cases.ts';
import { gpuWith, PRODUCTS } from './variant-traits.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
let cases = 0;
for (const storage of STORAGES)
  for (const [name, run] of Object.entries(CASES))
    for (const variant of [...PRODUCTS, 'cpu']) {
      const traits = variant === 'cpu' ? { cpu: true } : gpuWith(variant);
      const added = variant === 'cpu' || variant === 'plain' ? 4 : 16;
      cases += 1;
      await run(navigator.gpu, { ...traits, subgroups: false, storage, added }).catch((error: unknown) =>
        failures.push(`${name} as ${storage}, ${variant}: ${String(error)}`),
      );
    }
const half = adapter.features.has('shader-f16');
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), half, failures, cases }));
process.exit(0);
