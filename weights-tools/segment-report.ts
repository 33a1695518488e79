import type { AdapterSummary, MaskResult, Precision, WeightStorage } from '../src/index.ts';
import type { Outputs } from './segment-plan.ts';
import type { SegmentRequest } from './segment-request.ts';

/** Milliseconds of each step; `load` is the model's, shared by all pictures of a run. */
export interface Times {
  readonly load: number;
  readonly decode: number;
  readonly encode: number;
  readonly predict: number;
}

/** What `<stem>.json` holds. */
export interface PictureReport {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  readonly model: {
    readonly file: string;
    readonly title: string;
    readonly storage: WeightStorage;
    readonly compute: Precision;
  };
  readonly mode: 'auto' | 'manual';
  readonly prompts: {
    readonly box: readonly number[] | null;
    readonly points: readonly { readonly x: number; readonly y: number; readonly label: number }[];
    readonly maskInput: string | null;
  };
  readonly classes: readonly ClassReport[];
  /** Of several masks of one object (--multimask), the index of the one in the mask picture. */
  readonly best?: number;
  readonly files: { readonly mask: string; readonly overlay: string; readonly masks?: readonly string[] };
  readonly adapter: AdapterSummary;
  readonly milliseconds: Times;
}

export interface ClassReport {
  readonly class: number;
  readonly name: string;
  readonly iou: number;
  readonly objectScore: number | null;
  /** Pixels. */
  readonly area: number;
  readonly box: readonly number[] | null;
  readonly predictedBox: readonly number[] | null;
}

export function classReport(result: MaskResult): ClassReport {
  const { classNumber, className, iou, objectScore, area, box, predictedBox } = result;
  return { class: classNumber, name: className, iou, objectScore, area, box, predictedBox };
}

export function promptReport(request: SegmentRequest): PictureReport['prompts'] {
  return { box: request.box ?? null, points: request.points, maskInput: request.maskInput ?? null };
}

/** The report in a few lines for a person. */
export function reportText(report: PictureReport, { mask, overlay, report: json }: Outputs): string {
  const { decode, encode, predict } = report.milliseconds;
  const lines = report.classes.map((row, index) => {
    const name = row.name === '' ? '' : ` (${row.name})`;
    const score = row.objectScore === null ? '' : `, object score ${row.objectScore.toFixed(2)}`;
    const box = row.box === null ? 'empty' : `${row.area} px in ${row.box.join(',')}`;
    const what = report.best === undefined ? `class ${row.class}${name}` : `mask ${index + 1}`;
    return `  ${what}: IoU ${row.iou.toFixed(3)}${score}, ${box}${report.best === index ? ' (best)' : ''}`;
  });
  return [
    `${report.picture}: ${report.width} x ${report.height}, ${report.mode}, ${Math.round(decode + encode + predict)} ms`,
    ...lines,
    `  ${[mask, overlay, json].join(' ')}`,
  ].join('\n');
}
