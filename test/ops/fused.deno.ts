/** Run by Deno: every case in f32, and what reads matrices in f16 and q8, too; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { MAP_CASES, STORED_MAP_CASES } from './map-cases.ts';
import { STORED_TOKEN_CASES, TOKEN_CASES } from './token-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
const all = { ...TOKEN_CASES, ...MAP_CASES };
let cases = 0;
const run = async (name: string, storage: 'f32' | 'f16' | 'q8') => {
  cases += 1;
  await all[name]?.(navigator.gpu, { cpu: false, subgroups: false, storage }).catch((error: unknown) =>
    failures.push(`${name} as ${storage}: ${String(error)}`),
  );
};
for (const name of Object.keys(all)) await run(name, 'f32');
for (const storage of ['f16', 'q8'] as const)
  for (const name of [...STORED_TOKEN_CASES, ...STORED_MAP_CASES]) await run(name, storage);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), failures, cases }));
process.exit(0);
