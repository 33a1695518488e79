/** Run by Deno: the gradients of all cases on wgpu; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { gradients } from './gradient-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const found = await gradients(navigator.gpu);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), found }));
process.exit(0);
