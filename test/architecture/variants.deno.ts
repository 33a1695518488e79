/** Run by Deno: compiles every variant on wgpu and naga; the counts as JSON on the last line. */
import process from 'node:process';
import { requestDevice } from '../../src/gpu/device.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { allVariants, compileAll } from './variants.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const gpu = await requestDevice({ gpu: navigator.gpu });
console.log(
  JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), ...(await compileAll(gpu, allVariants())) }),
);
process.exit(0);
