/** The little of a vitest report that is counted; tests hand in plain objects. */
export interface ReportedModule {
  readonly children: {
    allTests(): Iterable<{ result(): { readonly state: string }; meta(): { readonly gpu?: string } }>;
    allSuites(): Iterable<{ errors(): readonly unknown[] }>;
  };
  errors(): readonly unknown[];
}

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** GPU tests that ran, by adapter. */
  readonly gpu: Map<string, number>;
}

/** A file or a suite that fell over before its tests, and an error outside every test, each count as a failure. */
export function tally(modules: Iterable<ReportedModule>, unhandledErrors: number): Tally {
  const sum: Tally = { passed: 0, failed: unhandledErrors, skipped: 0, gpu: new Map() };
  for (const module of modules) {
    sum.failed += module.errors().length;
    for (const suite of module.children.allSuites()) sum.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') sum.passed += 1;
      else if (state === 'failed') sum.failed += 1;
      else sum.skipped += 1;
      const { gpu } = test.meta();
      if (gpu !== undefined && state !== 'skipped') sum.gpu.set(gpu, (sum.gpu.get(gpu) ?? 0) + 1);
    }
  }
  return sum;
}

/** `GPU tests run: 123 (SwiftShader/Dawn)`; with several adapters, how many on each. */
export function gpuLine(gpu: ReadonlyMap<string, number>): string {
  const total = [...gpu.values()].reduce((a, b) => a + b, 0);
  const parts = [...gpu].map(([label, count]) => (gpu.size > 1 ? `${count} ${label}` : label));
  return `GPU tests run: ${total}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** The line that CI reads, alone and last. */
export function closingLine({ passed, failed, skipped }: Omit<Tally, 'gpu'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
