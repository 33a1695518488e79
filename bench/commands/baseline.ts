import {
  compareKernels,
  coverageOf,
  kinshipOf,
  type Loss,
  leastFall,
  lossText,
} from '../baseline/compare.ts';
import { baselinePath, readBaseline, saveBaseline } from '../baseline/file.ts';
import type { Runtime } from '../host/runtimes.ts';
import type { KernelReport } from '../kernel-report.ts';
import { readLadder } from '../kernels/ladder.ts';
import type { Provenance } from '../report.ts';
import { kernelModelsOf, modelsName, type Options } from './options.ts';

/** Measures all kernels once more, on a new device: runs differ by more than the rounds of one of them. */
export async function keepBaseline(
  report: KernelReport,
  where: Provenance,
  options: Options,
  runtime: Runtime,
): Promise<void> {
  const path = baselinePath(where.adapter, options.runtime, modelsName(options));
  const again = await measured(options, runtime, options.rounds, []);
  const { kernels } = saveBaseline(path, where, [report, again]);
  console.log(
    `baseline of ${kernels.length} kernels, two runs, which tell falls of ${(100 * leastFall(kernels)).toFixed(0)} % and more: ${path}`,
  );
}

/**
 * Holds the kernels to the baseline. What seems to have fallen is measured again with twice the rounds, and only what
 * falls both times is a loss: of some two hundred kernels one is unlucky.
 *
 * @returns whether something was compared and nothing fell
 */
export async function checkBaseline(
  report: KernelReport,
  where: Provenance,
  options: Options,
  runtime: Runtime,
): Promise<boolean> {
  const path = options.baseline ?? baselinePath(where.adapter, options.runtime, modelsName(options));
  const baseline = readBaseline(path);
  const { judged, remarks } = kinshipOf(baseline, { ...where, clock: report.clock });
  for (const remark of remarks) console.log(`check: ${remark}`);
  const verdict = compareKernels(baseline.kernels, report.rows);
  console.log(
    `check: ${verdict.compared} kernels held to ${path} of ${baseline.date.slice(0, 10)}, ${verdict.added.length} new, ${verdict.gone.length} gone`,
  );
  const coverage = coverageOf(verdict);
  for (const remark of coverage.remarks)
    console.error(`check: ${coverage.judged ? 'WARNING' : 'FAILED'}: ${remark}`);
  for (const loss of verdict.losses) console.log(`check: ${judged ? 'again' : 'differs'}: ${lossText(loss)}`);
  if (!judged || !coverage.judged) return false;
  const losses = await confirm(verdict.losses, baseline.kernels, options, runtime);
  for (const loss of losses) console.error(`check: FELL: ${lossText(loss)}`);
  if (losses.length === 0) console.log('check: no kernel fell by more than its noise');
  return losses.length === 0;
}

async function confirm(
  losses: readonly Loss[],
  kept: Parameters<typeof compareKernels>[0],
  options: Options,
  runtime: Runtime,
): Promise<readonly Loss[]> {
  if (losses.length === 0) return losses;
  const keys = losses.map(({ key }) => key);
  const again = await measured(options, runtime, 2 * options.rounds, keys);
  return compareKernels(kept, again.rows).losses;
}

const measured = (options: Options, runtime: Runtime, rounds: number, keys: readonly string[]) =>
  runtime.do('kernels', {
    ladder: readLadder(),
    options: { models: kernelModelsOf(options, runtime.address), rounds, only: '', keys },
  });
