/** Run by Deno: what wgpu says of forbidden commands, as JSON on the last line of stdout. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { refusals } from './refusals.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const label = adapterLabel(adapter.info, 'wgpu');
console.log(JSON.stringify({ label, found: await refusals(navigator.gpu) }));
process.exit(0);
