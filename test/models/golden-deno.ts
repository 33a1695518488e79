/** Run by Deno: one golden on wgpu, with `--as-hardware` by the kernels for that; progress on stderr, the errors as JSON on the last line of stdout. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { asHardware } from '../as-hardware.ts';
import { runGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = '', ...flags] = process.argv.slice(2);
const by = flags.includes('--as-hardware') ? asHardware(gpu) : gpu;
const verbose = flags.some((flag) => flag !== '--as-hardware');
const errors = await runGolden(name, by, verbose ? (line) => console.error(line) : undefined);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors: [...errors] }));
process.exit(0);
