/** What a file under bench/results holds: plain data, read by the page that draws it and by those who compare. */
import type { KernelReport } from './kernel-report.ts';
import type { ModelReport } from './models/measure.ts';
import type { SideBySide } from './page/side-by-side.ts';

/** What every result file says about where its figures come from. */
export interface Provenance {
  readonly date: string;
  readonly commit: string;
  readonly adapter: string;
  /** As far as the runtime tells. */
  readonly driver: string;
  readonly runtime: string;
  readonly cpu: string;
  readonly cores: number;
}

/** What one run measured; null for what was not asked for or failed. */
export interface Measured {
  readonly kernels: KernelReport | null;
  readonly models: readonly ModelReport[];
  readonly sideBySide: SideBySide | null;
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

export interface BenchReport extends Provenance {
  readonly result: Measured;
}

/** @throws Error naming the file, for text that is no result of `npm run bench` */
export function parseReport(name: string, text: string): BenchReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is no JSON (${String(error)}): give a file that \`npm run bench\` wrote`);
  }
  if (!isReport(value))
    throw new Error(
      `${name} is no result of a whole \`npm run bench\` (it has no list of kernels): measure again, or give another file of bench/results`,
    );
  return completed(value);
}

/** Results of before 2026-11-27 say less of their calls. */
function completed(report: BenchReport): BenchReport {
  const { models, sideBySide } = report.result;
  const result = {
    ...report.result,
    models: models.map((model) => Object.assign({ remarks: [], backward: null, tuned: null }, model)),
    sideBySide: sideBySide && Object.assign({ remarks: [], disagreements: [] }, sideBySide),
  };
  return { ...report, result };
}

function isReport(value: unknown): value is BenchReport {
  if (typeof value !== 'object' || value === null || !('result' in value) || !('adapter' in value))
    return false;
  const { result } = value;
  if (typeof result !== 'object' || result === null || !('kernels' in result)) return false;
  const { kernels } = result;
  return typeof kernels === 'object' && kernels !== null && 'rows' in kernels && 'roofs' in kernels;
}
