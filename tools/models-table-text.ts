import { fileURLToPath } from 'node:url';
import { describeModel, type StorageCost } from '../src/index.ts';
import { STORAGES } from '../src/tasks/storage.ts';
import { detectModel } from '../src/weights/detect.ts';
import { fixtureJson, fixtureNames } from '../test/weights/fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from '../weights-tools/generate/rule.ts';

export const README = fileURLToPath(new URL('../README.md', import.meta.url));

const HEAD = [
  '| model | parameters | weights, MB | GFLOP a picture | GFLOP a click | GPU peak, MB |',
  '|---|---|---|---|---|---|',
];

/** A row for each table of a published checkpoint, read off the recordings that run, at the model's own size. */
export async function modelsTable(): Promise<string> {
  const rows = await Promise.all(fixtureNames('tables').map((name) => rowOf(`tables/${name}`)));
  return [...HEAD, ...rows.sort(([a], [b]) => a - b).map(([, row]) => row)].join('\n');
}

/** @returns the number of parameters, and the row */
async function rowOf(path: string): Promise<[number, string]> {
  const { tensors } = generatedCheckpoint(fixtureJson<WeightsJson>(path));
  const { title, parameters, config } = detectModel(tensors);
  const { encode, auto, click, storages } = await describeModel(config);
  const megabytes = (key: keyof StorageCost) =>
    STORAGES.map((storage) => (storages[storage][key] / 1e6).toFixed(0)).join(' / ');
  const giga = ({ flops }: { readonly flops: number }, digits: number) => (flops / 1e9).toFixed(digits);
  const cells = [
    ...[title, `${(parameters / 1e6).toFixed(1)} M`, megabytes('weightBytes'), giga(encode, 0)],
    ...[giga(click, 1) + (auto ? `, auto ${giga(auto, 0)}` : ''), megabytes('gpuBytes')],
  ];
  return [parameters, `| ${cells.join(' | ')} |`];
}

const START = '<!-- npm run models-table -->';
const END = '<!-- end -->';

/** README with `table` between its marks. */
export function withTable(readme: string, table: string): string {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md lacks the marks ${START} and ${END}`);
  return `${readme.slice(0, start + START.length)}\n${table}\n${readme.slice(end)}`;
}
