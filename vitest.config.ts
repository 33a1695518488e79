import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { ClosingReporter } from './tools/runtimes/reporter.ts';

/** SwiftShader is slow, and slower still when two workers share two cores. */
const PATIENCE_MS = 400_000;

/** Files that take half a minute or more and are short texts: a fresh clone starts files by size. */
const LONG = /test\/(train\/(goldens|run)|ops\/attention-tile|models\/fused-decoder)\.test\.ts$/;

/** Starts them first: at the end of a run one worker waited half a minute for the other. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: Dawn is a native addon, and an abort in it must take one file down, not the run.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    reporters: ['default', new ClosingReporter()],
  },
});
