/** Run by Deno: short trainings on wgpu, told as JSON on the last line of stdout. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { loadModel } from '../../src/index.ts';
import type { TrainingEvent, TrainingJob, TrainingRun, TrainSettings } from '../../src/tasks/train/job.ts';
import { openTrainingRun } from '../../src/tasks/train/run.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';

const base = new Blob([
  new Uint8Array(
    await readFile(new URL('../../app/public/demo/sam2-nano-shapes.safetensors', import.meta.url)),
  ),
]);
const settings: TrainSettings = {
  train: 'ppn',
  tokens: 10,
  epochs: 3,
  batch: 2,
  learningRate: 1e-4,
  clip: null,
  augment: 'mirror',
  preprocess: 'sam2rad',
  seed: 5,
};

/** A bright disc of class 1 on dark ground, in a picture that is no square. */
function disc(seed: number) {
  const [width, height] = [160, 120];
  const classMap = new Uint8Array(width * height);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < classMap.length; i++) {
    const inside = Math.hypot((i % width) - 60 - seed, Math.floor(i / width) - 50) < 30;
    classMap[i] = inside ? 1 : 0;
    data.fill((inside ? 180 : 40) + ((i * 7919 + seed) % 40), 4 * i, 4 * i + 3);
  }
  const load = async () => ({ picture: { width, height, data }, classMap });
  return { name: `disc ${seed}`, width, height, load };
}

const job: TrainingJob = {
  base,
  datasetName: 'discs',
  classNames: ['disc'],
  training: [disc(0), disc(20), disc(40)],
  validation: [],
  settings,
  gpu: navigator.gpu,
};

async function collect(run: TrainingRun, count = Number.POSITIVE_INFINITY): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of run.events()) if (events.push(event) === count) break;
  return events;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return new Blob(parts);
}

async function digest(blob: Blob): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())).join();
}

/** What work was refused with. */
const said = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => '',
    (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );

const losses = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.kind === 'step' ? [event.losses] : []));

using first = await openTrainingRun(job);
const uninterrupted = await collect(first);
const model = await whole(first.model('canonical', { run: 'a record' }));
const reference = await whole(first.model('reference'));
// A caller without types may ask for anything.
const unwritten = [
  await said(whole(first.model('x' as 'canonical'))),
  await said(whole(first.model('canonical', { epoch: 3 as unknown as string }))),
  await said(whole(first.model('reference', { epoch: 3 as unknown as string }))),
];

using second = await openTrainingRun({ ...job, validation: [disc(10)] });
// Two ask at once.
const [one, two] = [second.events(), second.events()].map((events) => events[Symbol.asyncIterator]().next());
const refused = await said(two ?? Promise.resolve());
const { value: early } = (await one) ?? {};
// Left at an epoch's last step, before its measurement, and after that.
const begun = [
  ...(early ? [early] : []),
  ...(await collect(second, 1)),
  ...(await collect(second, 1)),
  ...(await collect(second, 1)),
];
const saved = await whole(second.checkpoint({ run: 'a record' }));
using third = await openTrainingRun({ ...job, resume: saved });
const resumed = await collect(third);

/** Where nothing depends on what is learned: one picture, as it is. */
const short: TrainingJob = { ...job, training: [disc(0)], settings: { ...settings, augment: 'none' } };

using wild = await openTrainingRun({ ...short, settings: { ...short.settings, learningRate: 1e30 } });
const refusal = await said(collect(wild));
const { tensors: state } = await openCheckpoint(await whole(wild.checkpoint()));
const kept = (await state.get('weights')?.readF32())?.every(Number.isFinite) ?? false;

// As if the run had begun with another kernel than the default.
const begunWith = { 'matmul 64x256x256 f32': 'plain' };
const { tensors: values, metadata: about } = await openCheckpoint(saved);
const sources = [...values].map(([name, { dtype, shape, read }]) => ({ name, dtype, shape, bytes: read }));
const told = writeSafetensors(sources, { ...about, tuned: JSON.stringify(begunWith) });
using fourth = await openTrainingRun({
  ...job,
  validation: [disc(0)],
  resume: await whole(told),
});
const stop = new AbortController();
const beforeStop: string[] = [];
let isStopped = false;
try {
  for await (const { kind, step } of fourth.events({ signal: stop.signal })) {
    beforeStop.push(`${kind} ${step}`);
    // An epoch has two steps: Dice is next.
    if (step === 4) stop.abort();
  }
} catch (error) {
  isStopped = error === stop.signal.reason;
}

const { metadata, tensors } = await openCheckpoint(model);
const loaded = await loadModel(model, { gpu: navigator.gpu });
const { picture } = await disc(0).load();
const [mask] = await (await loaded.setImage(picture)).predict();
console.log(
  JSON.stringify({
    uninterrupted: losses(uninterrupted),
    begun: begun.map(({ kind, step }) => `${kind} ${step}`),
    again: losses([...begun, ...resumed]),
    sameModel:
      (await digest(model)) === (await digest(await whole(third.model('canonical', { run: 'a record' })))),
    unwritten,
    refused,
    refusal,
    isIntact: wild.isIntact,
    kept,
    metadata,
    shapes: Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])),
    reference: [...(await openCheckpoint(reference)).tensors.keys()],
    classes: loaded.classes,
    tuned: [second.tuned, fourth.tuned],
    stopped: { isStopped, beforeStop, done: fourth.done, isIntact: fourth.isIntact },
    area: mask?.area ?? -1,
  }),
);
process.exit(0);
