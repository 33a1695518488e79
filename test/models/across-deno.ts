/** Run by Deno: one model of the tables on wgpu; progress on stderr, the values as JSON on the last line of stdout. */
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { runTable } from './across-run.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [table = '', size = ''] = process.argv.slice(2);
const tensors = await runTable(table, gpu, Number(size), (line) => console.error(line));
const encoded = [...tensors].map(([name, { buffer, byteOffset, byteLength }]) => [
  name,
  Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
]);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), tensors: encoded }));
process.exit(0);
