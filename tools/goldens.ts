/**
 * `npm run goldens [name...] [--dawn] [--as-hardware] [--first]`: the goldens at S = 1024 against PyTorch, every tensor,
 * and those of training, every step, on wgpu (Deno) unless Dawn is asked for; by SAM2RAD_GPU=native on the machine's own
 * GPU, in Dawn. Minutes on a software adapter; the default tests run the small ones, and the first step of training.
 * `--as-hardware`: training by the kernels that a GPU would get; `--first`: one step.
 */
import { fileURLToPath } from 'node:url';
import { asHardware } from '../test/as-hardware.ts';
import { FULL_LIMITS, judge, runGolden } from '../test/models/golden-run.ts';
import { judgeTraining } from '../test/train/golden-limits.ts';
import { type GoldenError, runTrainingGolden, TRAINING_GOLDENS } from '../test/train/golden-run.ts';
import { createNodeGpu } from './runtimes/dawn.ts';
import { runDeno } from './runtimes/deno.ts';
import { ensureRuntimes } from './runtimes/ensure.ts';

const FULL_SIZE = ['sam2.1-hiera-t', 'sam2rad-hiera-t', 'sam2rad-vit-b', 'sam2rad-vit-tiny'];

const args = process.argv.slice(2);
const onOwnGpu = process.env['SAM2RAD_GPU'] === 'native';
const onDawn = onOwnGpu || args.includes('--dawn');
const names = args.filter((arg) => !arg.startsWith('--'));
// Whoever brings a GPU of his own needs no software adapters.
if (!onOwnGpu) ensureRuntimes();
let failed = 0;
for (const name of names.length > 0 ? names : [...FULL_SIZE, ...Object.keys(TRAINING_GOLDENS)]) {
  const start = performance.now();
  try {
    if (name in TRAINING_GOLDENS) {
      await training(name);
      continue;
    }
    const { adapter, errors } = onDawn ? await dawn(name) : await wgpu(name);
    judge(
      `${name} on ${adapter} (${((performance.now() - start) / 1000).toFixed(0)} s)`,
      new Map(errors),
      FULL_LIMITS,
    );
  } catch (error) {
    failed += 1;
    console.error(error instanceof Error ? error.message : error);
  }
}
process.exit(failed > 0 ? 1 : 0);

async function training(name: string) {
  const script = fileURLToPath(new URL('../test/train/golden.deno.ts', import.meta.url));
  const flags = args.filter((arg) => arg === '--as-hardware' || arg === '--first');
  const first = flags.includes('--first') ? { steps: 1, after: false } : {};
  const gpu = () => (flags.includes('--as-hardware') ? asHardware(createNodeGpu()) : createNodeGpu());
  const { adapter, errors } = onDawn
    ? { adapter: 'Dawn', errors: await runTrainingGolden(name, gpu(), first) }
    : ((await runDeno(script, [name, ...flags])) as { adapter: string; errors: GoldenError[] });
  judgeTraining(name, adapter, errors);
}

async function wgpu(name: string) {
  const script = fileURLToPath(new URL('../test/models/golden-deno.ts', import.meta.url));
  return (await runDeno(script, [name, 'verbose'])) as { adapter: string; errors: [string, number][] };
}

async function dawn(name: string) {
  return {
    adapter: 'Dawn',
    errors: [...(await runGolden(name, createNodeGpu(), (line) => console.error(line)))],
  };
}
