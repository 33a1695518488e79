/**
 * Run by Deno: one golden of training on wgpu, with `--as-hardware` by the kernels of GPUs, with `--first` one step of it; its
 * errors as JSON on the last line of stdout.
 */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { asHardware } from '../as-hardware.ts';
import { runTrainingGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = '', ...flags] = process.argv.slice(2);
const first = flags.includes('--first') ? { steps: 1, after: false } : {};
const errors = await runTrainingGolden(name, flags.includes('--as-hardware') ? asHardware(gpu) : gpu, first);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors }));
process.exit(0);
