/** Run by Deno: one golden on wgpu, its errors as JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { runGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = ''] = process.argv.slice(2);
const errors = await runGolden(name, gpu);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors: [...errors] }));
process.exit(0);
