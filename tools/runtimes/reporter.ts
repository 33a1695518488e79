import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestSpecification, Vitest } from 'vitest/node';
import { closingLine, gpuLine, type ReportedModule, tally } from './tally.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The adapter that the test ran on; set by test/gpu-device.ts. */
    gpu?: string;
  }
}

/** Where `tools/test.ts` wants the closing line, which it prints itself after the steps' times. */
export const CLOSING_LINE_FILE = 'SAM2RAD_CLOSING_LINE_FILE';

/** Counts the GPU tests, fails a full run that had none, and ends the output with the line that CI reads. */
export class ClosingReporter implements Reporter {
  readonly #print: (line: string) => void;
  #isPartial = false;
  #vitest: Vitest | undefined;
  #counts = { passed: 0, failed: 0, skipped: 0 };

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    // Other reporters and vitest itself still print after the run's end; only an exit handler is last.
    process.once('exit', (code) => this.#close(code));
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    const all = await this.#vitest?.globTestSpecifications();
    const { testNamePattern, shard } = this.#vitest?.config ?? {};
    this.#isPartial =
      specifications.length < (all?.length ?? 0) || testNamePattern !== undefined || shard !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.report(modules, unhandledErrors.length, this.#isPartial);
  }

  /** A run of chosen files may have no GPU test; the whole suite never. */
  report(modules: readonly ReportedModule[], unhandledErrors: number, isPartial: boolean): void {
    const { gpu, ...counts } = tally(modules, unhandledErrors);
    this.#counts = counts;
    this.#print(`\n${gpuLine(gpu)}`);
    if (gpu.size > 0 || isPartial) return;
    this.#print('No GPU test ran, which fails the run: the suite proves nothing without them.');
    this.#counts.failed += 1;
    process.exitCode = 1;
  }

  #close(code: number): void {
    // A run that fell over before or outside its tests must not end in "0 failed".
    if (code !== 0 && this.#counts.failed === 0) this.#counts.failed = 1;
    const line = closingLine(this.#counts);
    const file = process.env[CLOSING_LINE_FILE];
    if (file) writeFileSync(file, line);
    else this.#print(line);
  }
}
