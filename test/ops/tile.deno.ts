/** Run by Deno: attention by tiles on wgpu and naga; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { CASES, FLASH_CASES, POSITION_CASES } from './tile-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
const all = [CASES, FLASH_CASES, POSITION_CASES].flatMap((cases) => Object.entries(cases));
for (const [name, run] of all)
  await run(navigator.gpu).catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
const cases = all.length;
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), failures, cases }));
process.exit(0);
