import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, loadCase } from '../dataset/dataset.ts';
import { makeFolder, removeFile, writeAtomically } from '../node/files.ts';
import { encodePng } from '../node/pictures.ts';
import { drawOverlay } from '../overlay.ts';
import type { Measured } from './measure.ts';
import type { Contender, EvalReport } from './report.ts';

type Sharp = Parameters<typeof loadCase>[0];

const METRICS = ['dice', 'iou', 'nsd', 'hd95'] as const;

/** One row a mode, case and class. */
export function casesCsv(contenders: readonly Contender[], classNames: readonly string[]): string {
  const rows = contenders.flatMap(({ mode, model, cases }) =>
    cases.flatMap(({ name, group, classes }) =>
      classes.map((scores, at) => [
        ...[mode, model.file, name, group, at + 1, classNames[at] ?? ''],
        ...METRICS.map((metric) => scores[metric]),
        ...[scores.presence, scores.truthArea, scores.predictedArea, scores.estimatedIou, scores.objectScore],
      ]),
    ),
  );
  const header = [
    ...['mode', 'model', 'case', 'group', 'class', 'name', ...METRICS],
    ...['present', 'true_pixels', 'predicted_pixels', 'estimated_iou', 'object_score'],
  ];
  return csv([header, ...rows]);
}

/** One row a mode, class and metric; class 0 is the mean of the classes. */
export function summaryCsv(report: EvalReport): string {
  const rows = [report, ...report.beside].flatMap((one) =>
    [{ class: 0, name: 'mean of the classes', ...one }, ...one.classes].flatMap((summary) =>
      METRICS.map((metric) => {
        const { mean, ci95, n } = summary[metric];
        return [
          one.mode,
          one.model.file,
          summary.class,
          summary.name,
          metric,
          mean,
          ...(ci95 ?? [null, null]),
          n,
        ];
      }),
    ),
  );
  return csv([['mode', 'model', 'class', 'name', 'metric', 'mean', 'ci95_low', 'ci95_high', 'n'], ...rows]);
}

function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null) => {
    const text = value === null ? '' : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** The cases with the lowest mean Dice, with what is to be drawn of them. */
export class WorstCases {
  readonly #most: number;
  #kept: Measured[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps a case as long as few are worse. */
  consider(measured: Measured): void {
    if (measured.result.dice === null) return;
    const dice = ({ result }: Measured) => result.dice ?? 0;
    this.#kept = [...this.#kept, measured].sort((a, b) => dice(a) - dice(b)).slice(0, this.#most);
  }

  /** The worst first. */
  get all(): readonly Measured[] {
    return this.#kept;
  }
}

/**
 * Writes the tables, the report, and the worst cases: the true mask on the left, the result on the right.
 * @returns the paths
 * @throws FileError
 */
export async function writeFiles(
  sharp: Sharp,
  folder: string,
  contenders: readonly Contender[],
  report: EvalReport,
  drawn: { readonly cases: readonly Case[]; readonly worst: WorstCases },
): Promise<string[]> {
  const { all } = drawn.worst;
  await makeFolder(all.length > 0 ? join(folder, 'worst') : folder);
  const written: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    await writeAtomically(path, (file) => file.writeFile(content));
    written.push(path);
  };
  await write(
    'cases.csv',
    casesCsv(
      contenders,
      report.classes.map(({ name }) => name),
    ),
  );
  await write('summary.csv', summaryCsv(report));
  await write('eval.json', `${JSON.stringify(report, null, 2)}\n`);
  const digits = String(all.length).length;
  const worst: string[] = [];
  for (const [at, { result, classMap }] of all.entries()) {
    const one = drawn.cases.find(({ name }) => name === result.name);
    const file = `${String(at + 1).padStart(digits, '0')}-${result.name}.png`;
    worst.push(file);
    if (one) await write(join('worst', file), await drawCase(sharp, one, classMap));
  }
  await removeOldWorst(join(folder, 'worst'), worst);
  return written;
}

/** Takes away what an evaluation before has drawn: beside the new pictures they would be taken for some of them. */
export async function removeOldWorst(folder: string, kept: readonly string[]): Promise<void> {
  // Nothing was ever drawn where there is no folder.
  const names = await readdir(folder).catch(() => []);
  const old = names.filter((name) => /^\d+-.+\.png$/.test(name) && !kept.includes(name));
  await Promise.all(old.map((name) => removeFile(join(folder, name))));
}

/** Pixels between the two halves. */
const GAP = 4;

async function drawCase(sharp: Sharp, one: Case, classMap: Uint8Array): Promise<Uint8Array> {
  const { picture, classMap: truth } = await loadCase(sharp, one);
  const { width, height, data } = picture;
  const across = 2 * width + GAP;
  const both = new Uint8Array(across * height * 3).fill(255);
  for (const [map, from] of [
    [truth, 0],
    [classMap, width + GAP],
  ] as const) {
    const drawn = drawOverlay(data, map, width, height);
    for (let y = 0; y < height; y++)
      both.set(drawn.subarray(y * width * 3, (y + 1) * width * 3), (y * across + from) * 3);
  }
  return encodePng(sharp, both, across, height, 3);
}
