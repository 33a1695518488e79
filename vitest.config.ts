import { defineConfig } from 'vitest/config';
import { ClosingReporter } from './tools/runtimes/reporter.ts';

/** SwiftShader is slow, and slower still when two workers share two cores. */
const PATIENCE_MS = 400_000;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: Dawn is a native addon, and an abort in it must take one file down, not the run.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    reporters: ['default', new ClosingReporter()],
  },
});
