/** Run by Deno: the faults of attention by tiles, on wgpu and naga; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { CASES, type CaseName } from './fault-cases.ts';
import { compare, complaint, FAULTS, isForWgpu } from './planted-faults.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const failures: string[] = [];
for (const name of Object.keys(CASES).filter(isForWgpu))
  await compare(navigator.gpu, name as CaseName).catch((error: unknown) =>
    failures.push(`${name}: ${String(error)}`),
  );
const complaints: [string, string][] = [];
for (const fault of FAULTS.filter(([name]) => isForWgpu(name)))
  complaints.push([`${fault[0]}: ${fault[1]}`, await complaint(navigator.gpu, fault)]);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), failures, complaints }));
process.exit(0);
