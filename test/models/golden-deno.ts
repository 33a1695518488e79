/** Run by Deno: one golden on wgpu, with `hardware` by the kernels for that; progress on stderr, the errors as JSON on the last line of stdout. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { asHardware } from '../as-hardware.ts';
import { runGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = '', ...words] = process.argv.slice(2);
const errors = await runGolden(
  name,
  words.includes('hardware') ? asHardware(gpu) : gpu,
  words.includes('verbose') ? (line) => console.error(line) : undefined,
);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors: [...errors] }));
process.exit(0);
