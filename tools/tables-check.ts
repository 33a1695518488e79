/**
 * `npm run tables-check [-- NAME...] [--full]`: for every table of a published checkpoint, a generated one is made,
 * described, converted and segmented by the command line itself, and deleted. One row at a time; the largest takes
 * 5.2 GB of disk. Pictures are encoded at S = 256 unless `--full` asks for the model's own size, which takes a software
 * adapter minutes a row. Fails where a step does, or where converting keeps more than 600 MB resident.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provenance, save, table } from '../bench/results.ts';
import { fixtureNames, fixturePath } from '../test/weights/fixtures.ts';
import type { Info } from '../weights-tools/commands/info.ts';
import type { PictureReport } from '../weights-tools/segment-report.ts';
import { runMeasured } from './run-measured.ts';
import { ensureRuntimes } from './runtimes/ensure.ts';

const RESIDENT_LIMIT = 600e6;
const SMALL_SIZE = 256;
const BOX = '220,302,571,372';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly parameters: number;
  readonly fileBytes: number;
  readonly convertSeconds: number;
  readonly convertPeakBytes: number;
  readonly imageSize: number;
  readonly segmentSeconds: number;
  readonly encodeSeconds: number;
  readonly mode: string;
  readonly iou: readonly number[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const isFull = args.includes('--full');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const names = fixtureNames('tables').map((name) => basename(name, '.json'));
const folder = mkdtempSync(join(tmpdir(), 'sam2rad-tables-'));
const inFolder = (name: string) => join(folder, name);
const cli = (...argv: string[]) => runMeasured('weights-tools/cli.ts', argv);

/** Rows by name; `adapter` is that of the last segmented picture. */
const rows: Row[] = [];
let adapter: PictureReport['adapter'] | undefined;

async function check(name: string): Promise<Row> {
  const [torch, ours] = [inFolder(`${name}.pt`), inFolder(`${name}.safetensors`)];
  await runMeasured('weights-tools/generate-checkpoint.ts', [
    fixturePath(`tables/${name}.json`),
    '-o',
    torch,
  ]);
  const described: Info = JSON.parse((await cli('info', torch, '--json')).out);
  if (!described.model) throw new Error(`${name}: ${described.reason}`);
  const { title, parameters, promptPredictor } = described.model;
  const converted = await cli('convert', torch, '-o', ours);
  const again: Info = JSON.parse((await cli('info', ours, '--json')).out);
  if (again.model?.parameters !== parameters) throw new Error(`${name}: converting changed the parameters`);
  const fileBytes = statSync(torch).size;
  rmSync(torch);

  const size = isFull ? [] : ['--image-size', String(SMALL_SIZE)];
  const picture = join(root, 'app/public/samples/wrist-000.png');
  const prompt = promptPredictor === null ? ['--box', BOX] : [];
  const run = await cli('segment', picture, '-m', ours, '-o', folder, '--json', ...prompt, ...size);
  const report: PictureReport = JSON.parse(run.out).pictures[0];
  adapter = report.adapter;
  const iou = report.classes.map((each) => each.iou);
  if (iou.length === 0 || !iou.every(Number.isFinite)) throw new Error(`${name}: IoU is ${iou}`);
  return {
    ...{ name, title, parameters, fileBytes, mode: report.mode, iou },
    convertSeconds: converted.seconds,
    convertPeakBytes: converted.peakBytes,
    imageSize: isFull ? (again.model?.imageSize ?? 0) : SMALL_SIZE,
    segmentSeconds: run.seconds,
    encodeSeconds: report.milliseconds.encode / 1000,
  };
}

await ensureRuntimes();
let failed = 0;
try {
  for (const name of wanted.length > 0 ? wanted : names) {
    try {
      const row = await check(name);
      rows.push(row);
      const fits = row.convertPeakBytes <= RESIDENT_LIMIT;
      failed += fits ? 0 : 1;
      console.error(
        `${name}: converted in ${row.convertSeconds.toFixed(1)} s with ${(row.convertPeakBytes / 1e6).toFixed(0)} MB resident${fits ? '' : `, OVER ${RESIDENT_LIMIT / 1e6} MB`}; segmented in ${row.segmentSeconds.toFixed(0)} s`,
      );
    } catch (error) {
      failed += 1;
      console.error(error instanceof Error ? error.message : error);
    } finally {
      for (const ending of ['.pt', '.safetensors']) rmSync(inFolder(name + ending), { force: true });
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  table([
    [
      'table',
      'model',
      'parameters',
      'file MB',
      'convert s',
      'resident MB',
      'S',
      'encode s',
      'segment s',
      'ok',
    ],
    ...rows.map((row) => [
      ...[row.name, row.title, row.parameters.toLocaleString('en-US')],
      ...[
        (row.fileBytes / 1e6).toFixed(1),
        row.convertSeconds.toFixed(1),
        (row.convertPeakBytes / 1e6).toFixed(0),
      ],
      ...[row.imageSize, row.encodeSeconds.toFixed(1), row.segmentSeconds.toFixed(1)],
      `${row.mode}, ${row.iou.length} ${row.iou.length === 1 ? 'mask' : 'masks'}`,
    ]),
  ]),
);
if (adapter && rows.length > 0) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/webgpu/package.json'), 'utf8'));
  const where = provenance(adapter, `Node ${process.version}, webgpu ${version}`);
  console.log(save(isFull ? 'tables-full' : 'tables', where, rows));
}
process.exitCode = failed > 0 ? 1 : 0;
