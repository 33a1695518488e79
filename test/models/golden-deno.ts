/** Run by Deno: one golden on wgpu; progress on stderr, the errors as JSON on the last line of stdout. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { runGolden } from './golden-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [name = '', verbose] = process.argv.slice(2);
const errors = await runGolden(name, gpu, verbose ? (line) => console.error(line) : undefined);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors: [...errors] }));
process.exit(0);
