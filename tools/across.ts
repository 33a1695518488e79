/**
 * `npm run across [table...] [--size=256]`: whole models on generated weights, on Dawn against wgpu, every value that
 * a stage hands on. Tables are files of test/fixtures/tables; weights are made as they are read, so that ViT-H's 2.5 GB
 * are on the GPU alone. Minutes a model on software adapters.
 */
import { fileURLToPath } from 'node:url';
import { relativeError } from '../test/close.ts';
import { runTable } from '../test/models/across-run.ts';
import { createNodeGpu } from './runtimes/dawn.ts';
import { runDeno } from './runtimes/deno.ts';
import { ensureRuntimes } from './runtimes/ensure.ts';
import { adapterLabel } from './runtimes/label.ts';

const TABLES = ['sam2.1_hiera_s', 'sam2.1_hiera_b+', 'sam2.1_hiera_l', 'sam_vit_l', 'sam_vit_h'];
/** Norm of the difference over the norm. */
const LIMIT = 1e-4;

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const size = Number(args.find((arg) => arg.startsWith('--size='))?.slice('--size='.length) ?? 256);
await ensureRuntimes();
const gpu = createNodeGpu();
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Dawn found no WebGPU adapter');
const dawn = adapterLabel(adapter.info, 'Dawn');
const script = fileURLToPath(new URL('../test/models/across-deno.ts', import.meta.url));
let failed = 0;
for (const name of names.length > 0 ? names : TABLES) {
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(0);
  const wgpu = (await runDeno(script, [name, String(size)])) as {
    adapter: string;
    tensors: [string, string][];
  };
  console.error(`${name}: ${wgpu.adapter} took ${seconds()} s`);
  const values = await runTable(name, gpu, size, console.error);
  const errors = wgpu.tensors
    .map(([tensor, base64]): [number, string] => {
      const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
      return [relativeError(values.get(tensor) ?? [], new Float32Array(bytes.buffer)), tensor];
    })
    .sort(([a], [b]) => b - a);
  const same = wgpu.tensors.length === values.size && errors.every(([error]) => error <= LIMIT);
  failed += same ? 0 : 1;
  console.log(
    `${name} at S = ${size}, ${dawn} against ${wgpu.adapter}, ${values.size} tensors, ${seconds()} s: ${same ? 'within' : 'OUTSIDE'} ${LIMIT}`,
  );
  for (const [error, tensor] of errors) console.log(`  ${error.toExponential(1)}  ${tensor}`);
}
process.exit(failed > 0 ? 1 : 0);
