/** Run by Deno: the gradients of all cases on wgpu, by variant; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { gradients, VARIANTS } from './gradient-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const found: Record<string, Awaited<ReturnType<typeof gradients>>> = {};
for (const [variant, traits] of Object.entries(VARIANTS))
  found[variant] = await gradients(navigator.gpu, traits);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), found }));
process.exit(0);
