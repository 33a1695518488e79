/** Measures what was asked for, prints it and writes it under bench/results. */

import { type Measurer, type Runtime, runtimeOf, type Say } from '../host/runtimes.ts';
import { withPage } from '../host/serve.ts';
import type { KernelReport } from '../kernel-report.ts';
import { readLadder } from '../kernels/ladder.ts';
import type { ModelReport } from '../models/measure.ts';
import type { SideBySide } from '../page/side-by-side.ts';
import { kernelTables, roofLines } from '../print/kernels.ts';
import { modelTable } from '../print/models.ts';
import { sideBySideTable } from '../print/side-by-side.ts';
import type { Measured, Provenance } from '../report.ts';
import { provenance, save } from '../results.ts';
import { checkBaseline, keepBaseline } from './baseline.ts';
import { kernelModelsOf, modelsName, modelsOf, type Options, type PartName } from './options.ts';

/** Models and others take seconds a turn: so many rounds at most, and no new one after so long. */
const FEW_ROUNDS = 3;
const BUDGET_MS = 60_000;

/** @returns the exit code */
export async function measure(parts: readonly PartName[], options: Options): Promise<number> {
  const begin = performance.now();
  const say: Say = (line) =>
    console.error(`[${((performance.now() - begin) / 1000).toFixed(0).padStart(3)} s] ${line}`);
  const runtime = runtimeOf(options.runtime, say, options.model);
  const about = await runtime.about();
  const made = await measureParts(parts, options, runtime, say);
  const adapter = made.kernels?.adapter ?? made.sideBySide?.adapter ?? made.models[0]?.adapter;
  if (!adapter) {
    console.error(made.failures.join('\n'));
    return 1;
  }
  const where = provenance(adapter, about.runtime, about.driver);
  console.log(`${where.adapter}; ${where.runtime}, ${where.driver}; ${where.cpu}, ${where.cores} cores`);
  print(made, options.all);
  const whole = (['kernels', 'models'] as const).every((part) => parts.includes(part));
  const which = [modelsName(options), ...(whole ? [] : parts), ...(options.only ? ['only'] : [])];
  const name = `bench-${options.runtime}-${which.join('-')}`;
  console.log(`\n${save(name, where, made)}`);
  console.log(`measured in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  const failed = made.kernels ? await baselines(made.kernels, where, options, runtime) : false;
  for (const failure of made.failures) console.error(failure);
  return failed || made.failures.length > 0 ? 1 : 0;
}

async function measureParts(
  parts: readonly PartName[],
  options: Options,
  runtime: Runtime,
  say: Say,
): Promise<Measured> {
  const failures: string[] = [];
  /** A part that fails is said, and the others go on. */
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      failures.push(
        `${what} could not be measured: ${error instanceof Error ? error.message : String(error)}`,
      );
      say(failures.at(-1) ?? '');
      return null;
    }
  };
  const models = modelsOf(options, runtime.address);
  const { rounds, only, providers, large, tuned } = options;
  const few = { rounds: Math.min(rounds, FEW_ROUNDS), budgetMs: BUDGET_MS };
  const wants = (part: PartName) => parts.includes(part);
  const kernels = wants('kernels')
    ? await tried<KernelReport>('kernels', () =>
        runtime.do('kernels', {
          ladder: readLadder(),
          options: { models: kernelModelsOf(options, runtime.address), rounds, only, keys: [] },
        }),
      )
    : null;
  const reports: ModelReport[] = [];
  if (wants('models'))
    for (const source of models) {
      const report = await tried(source.name, () =>
        runtime.do('model', { ladder: readLadder(), source, options: { ...few, tuned } }),
      );
      if (report) reports.push(report);
    }
  const sides = { ...few, providers, large };
  let beside: SideBySide | null = null;
  if (wants('ort') && options.runtime === 'chromium')
    beside = await tried('onnxruntime-web', () =>
      withPage(
        ({ page }) =>
          page.evaluate((ladder, given) => window.bench.sideBySide(ladder, given), readLadder(), sides),
        { say },
      ),
    );
  else if (wants('ort')) say('onnxruntime-web runs in the browser alone: it is left out');
  failures.push(
    ...(beside?.disagreements ?? []).map(
      (each) => `nano computes something else than onnxruntime-web, ${each}`,
    ),
  );
  return { kernels, models: reports, sideBySide: beside, failures };
}

function print({ kernels, models, sideBySide }: Measured, all: boolean): void {
  if (kernels) {
    console.log(`\n${roofLines(kernels.roofs)}`);
    console.log(`times by ${kernels.clock}`);
    for (const remark of kernels.remarks) console.log(`note: ${remark}`);
    console.log(`\n${kernelTables(kernels, all)}`);
  }
  for (const model of models) console.log(`\n${modelTable(model)}`);
  if (sideBySide) {
    const software = /swiftshader|llvmpipe/i.test(JSON.stringify(sideBySide.adapter));
    console.log(`\n${sideBySideTable(sideBySide, software)}`);
  }
}

/** @returns whether a check failed */
async function baselines(
  report: KernelReport,
  where: Provenance & Measurer,
  options: Options,
  runtime: Runtime,
): Promise<boolean> {
  const failed = options.check ? !(await checkBaseline(report, where, options, runtime)) : false;
  if (options.saveBaseline) await keepBaseline(report, where, options, runtime);
  return failed;
}
