import {
  EMPTY_RULE,
  type Estimate,
  type MetricEstimates,
  type MetricName,
  pairedDifferences,
  type Summary,
  summarise,
} from '../../src/evaluation.ts';
import type { AdapterSummary, WeightStorage } from '../../src/index.ts';
import type { CaseResult } from './measure.ts';
import type { EvalRequest, Mode } from './request.ts';

/** One model in one mode, on all cases. */
export interface Contender {
  readonly mode: Mode;
  readonly model: { readonly file: string; readonly title: string; readonly storage: WeightStorage };
  readonly cases: readonly CaseResult[];
}

/** A contender's means; of those beside the first also the first's advantage over them. */
interface ContenderReport extends Summary {
  readonly mode: Mode;
  readonly model: Contender['model'];
  readonly cases: readonly CaseResult[];
}

/** What `--json` prints and eval.json holds: the first contender's figures at the top, the others beside it. */
export interface EvalReport extends ContenderReport {
  readonly dataset: { readonly folder: string; readonly pictures: number; readonly groups: number };
  /** Each with `advantage`: the first minus it, case by case. */
  readonly beside: readonly (ContenderReport & { readonly advantage: Summary })[];
  readonly unit: 'px' | 'mm';
  readonly tolerance: number;
  readonly comparedAt: 'picture' | 'model';
  readonly emptyMasks: string;
  readonly interval: {
    readonly level: 0.95;
    readonly method: string;
    readonly groupBy: string | null;
    readonly resamples: number;
    readonly seed: number;
  };
  readonly adapter: AdapterSummary;
  readonly warnings: readonly string[];
}

export function makeReport(
  contenders: readonly [Contender, ...Contender[]],
  facts: {
    readonly request: EvalRequest;
    readonly folder: string;
    readonly classNames: readonly string[];
    readonly adapter: AdapterSummary;
    readonly warnings: readonly string[];
  },
): EvalReport {
  const { request, folder, classNames, adapter, warnings } = facts;
  const { resamples, seed, unit, tolerance, at } = request;
  const options = { resamples, seed };
  const report = ({ mode, model, cases }: Contender): ContenderReport => ({
    mode,
    model,
    ...summarise(cases, classNames, options),
    cases,
  });
  const [first, ...others] = contenders;
  return {
    ...report(first),
    dataset: {
      folder,
      pictures: first.cases.length,
      groups: new Set(first.cases.map(({ group }) => group)).size,
    },
    beside: others.map((other) => ({
      ...report(other),
      advantage: summarise(pairedDifferences(first.cases, other.cases), classNames, options),
    })),
    ...{ unit, tolerance, comparedAt: at, emptyMasks: EMPTY_RULE },
    interval: {
      level: 0.95,
      method: 'percentile bootstrap that draws whole groups',
      groupBy: request.groupBy?.source ?? null,
      resamples,
      seed,
    },
    ...{ adapter, warnings },
  };
}

const NAMES: readonly (readonly [MetricName, string])[] = [
  ['dice', 'Dice'],
  ['iou', 'IoU'],
  ['nsd', 'NSD'],
  ['hd95', 'HD95'],
];
const LABEL_WIDTH = 18;
const CELL_WIDTH = 23;

/** The report as a table for a person. */
export function reportText(report: EvalReport): string {
  const { dataset, unit, tolerance, interval, beside } = report;
  const rows: string[] = [''.padEnd(LABEL_WIDTH) + NAMES.map(([, name]) => name.padEnd(CELL_WIDTH)).join('')];
  const sections = [...report.classes.keys(), undefined].slice(0, report.classes.length > 1 ? undefined : 1);
  for (const at of sections) {
    const of = (summary: Summary): MetricEstimates =>
      at === undefined ? summary : (summary.classes[at] ?? summary);
    const name = at === undefined ? 'mean of the classes' : `${at + 1} ${report.classes[at]?.name}`;
    rows.push(`${name} (${of(report).dice.n})`, row(report.mode, of(report)));
    for (const other of beside) {
      rows.push(
        row(other.model.file === report.model.file ? other.mode : `${other.mode} of base`, of(other)),
      );
      rows.push(row(`${report.mode} - ${other.mode}`, of(other.advantage), true));
    }
  }
  const drawn = interval.groupBy === null ? 'pictures' : 'groups';
  return [
    `${dataset.folder}: ${dataset.pictures} pictures in ${dataset.groups} groups; ${report.model.title}, ${report.model.storage}`,
    ...rows.map((text) => text.trimEnd()),
    `[95 % intervals] of ${interval.resamples} bootstrap resamples that draw ${drawn}; NSD within ${tolerance} ${unit}, HD95 in ${unit}${report.comparedAt === 'model' ? ', in the square that the model sees' : ''}`,
    report.emptyMasks,
  ].join('\n');
}

function row(label: string, estimates: MetricEstimates, isDifference = false): string {
  const cells = NAMES.map(([metric]) => cell(estimates[metric], metric === 'hd95' ? 1 : 3, isDifference));
  return `  ${label.padEnd(LABEL_WIDTH - 2)}${cells.join('')}`;
}

function cell({ mean, ci95 }: Estimate, digits: number, isDifference: boolean): string {
  if (mean === null) return '-'.padEnd(CELL_WIDTH);
  const show = (value: number) => `${isDifference && value >= 0 ? '+' : ''}${value.toFixed(digits)}`;
  return `${show(mean)}${ci95 ? ` [${ci95.map(show).join(', ')}]` : ''}`.padEnd(CELL_WIDTH);
}
