import { requestDevice } from '../../src/gpu/device.ts';
import type { TunedKernels } from '../../src/index.ts';
import { openTrainingEngine } from '../../src/tasks/train/engine.ts';
import type { TuningStore } from '../../src/tasks/types.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { generateImage } from '../../test/weights/generated-weights.ts';
import { DRAW, DROPOUT } from '../census/parts.ts';
import type { Host } from '../lab/host.ts';
import { spread } from '../measure.ts';
import { type Backward, measureBackward } from './backward.ts';
import type { NamedRow } from './calls.ts';
import { inARow, type Turns } from './rounds.ts';
import type { Stopwatch } from './stopwatch.ts';
import { watchDevice } from './watch.ts';

const SEED = 11;
const RATE = 1e-4;

/** What training was found to take. */
interface Training {
  readonly calls: NamedRow[];
  readonly backward: Backward;
  readonly peak: number;
  readonly tuned: TunedKernels;
}

/**
 * Steps over one picture whose features are kept, as a run of training takes them; then forward and backward pass apart.
 *
 * @param tuning where tuned kernels are kept; defaults compute without it
 */
export async function measureTraining(
  file: Blob,
  host: Host,
  watch: Stopwatch,
  turns: Turns,
  tuning?: TuningStore,
): Promise<Training> {
  const checkpoint = await openCheckpoint(file, { name: 'bench.safetensors' });
  const { device } = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  const counts = watchDevice(device);
  const opened = await watch.time(() =>
    openTrainingEngine(checkpoint, { device, parts: 'ppn', dropout: DROPOUT, draws: [DRAW], tuning }),
  );
  using engine = opened.value;
  const side = engine.description.config.imageSize;
  const { classes } = engine.context.dataset;
  const inputs = await engine.encode({ data: generateImage(side, side, SEED), width: side, height: side });
  const batch = [{ inputs, labels: stripes(side, classes) }];
  host.say('training: ready');
  const step = () => engine.trainer.step(batch, { draw: DRAW, rate: RATE, seed: SEED });
  const first = await watch.time(step);
  const laps = await inARow(turns, engine.gpu.traits.cpu, async (index) => {
    const before = counts.submits;
    const { ms, cpu } = await watch.time(step);
    if (index < turns.rounds) host.say(`training: step ${index + 2}`);
    return { ms, cpu, submits: counts.submits - before };
  });
  const { peak } = counts;
  const passes = await measureBackward(engine, counts, watch, turns);
  host.say('training: forward and backward pass are measured');
  const cpu = laps.flatMap((each) => each.cpu ?? []);
  return {
    peak,
    backward: passes.backward,
    tuned: engine.context.traits.tuned ?? {},
    calls: [
      { call: 'training load', cold: opened.ms, warm: spread([]), cpu: null, submits: null },
      {
        call: 'train step',
        cold: first.ms,
        warm: spread(laps.map(({ ms }) => ms)),
        cpu: cpu.length > 0 ? spread(cpu) : null,
        submits: laps.at(-1)?.submits ?? null,
      },
      ...passes.calls,
    ],
  };
}

/** A class map with a band a class. */
function stripes(side: number, classes: number): Uint8Array {
  const height = Math.floor(side / (2 * classes + 1));
  return Uint8Array.from({ length: side * side }, (_, i) => {
    const band = Math.floor(Math.floor(i / side) / height);
    return band % 2 === 1 && band < 2 * classes + 1 ? (band + 1) / 2 : 0;
  });
}
