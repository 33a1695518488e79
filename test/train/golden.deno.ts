/** Run by Deno: one golden of training on wgpu; its errors as JSON on the last line of stdout. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { runTrainingGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = ''] = process.argv.slice(2);
const errors = await runTrainingGolden(name, gpu);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors }));
process.exit(0);
