/** Run by Deno for tools/train-phantoms.ts: trains on decoded pictures; prints the losses, writes the model. */
import { open, readFile } from 'node:fs/promises';
import process from 'node:process';

import type { TrainSettings } from '../src/tasks/train/job.ts';
import { openTrainingRun } from '../src/tasks/train/run.ts';

interface Picture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

interface Order {
  readonly base: string;
  readonly output: string;
  readonly datasetName: string;
  readonly classNames: readonly string[];
  readonly settings: TrainSettings;
  readonly pictures: readonly Picture[];
  /** How many of them, from the last, are held out. */
  readonly validation: number;
}

const [folder = ''] = process.argv.slice(2);
const order = JSON.parse(await readFile(`${folder}/order.json`, 'utf8')) as Order;
const bytes = async (name: string) => new Uint8Array(await readFile(`${folder}/${name}`));
const toLearn = order.pictures.map(({ name, width, height }) => ({
  name,
  width,
  height,
  load: async () => ({
    picture: { width, height, data: new Uint8ClampedArray(await bytes(`${name}.rgba`)) },
    classMap: await bytes(`${name}.classes`),
  }),
}));
const held = toLearn.length - order.validation;
using run = await openTrainingRun({
  base: new Blob([new Uint8Array(await readFile(order.base))]),
  datasetName: order.datasetName,
  classNames: order.classNames,
  settings: order.settings,
  training: toLearn.slice(0, held),
  validation: toLearn.slice(held),
  gpu: navigator.gpu,
});
const started = performance.now();
for await (const event of run.events())
  if (event.kind === 'step') {
    const { total, dice, focal, object, box, interim } = event.losses;
    const losses = [total, dice, focal, object, box, interim].map((loss) => loss.toFixed(5));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.error(`${event.step}/${run.steps} ${losses.join(' ')} ${seconds} s`);
  } else
    console.error(`${event.step}/${run.steps} Dice ${event.dice.map((dice) => dice?.toFixed(3)).join(' ')}`);
const file = await open(order.output, 'w');
const metadata = { training: JSON.stringify(order.settings) };
for await (const chunk of run.model('canonical', metadata)) await file.write(chunk);
await file.close();
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ steps: run.steps, seconds, adapter: run.adapter }));
process.exit(0);
