/** An engine without a GPU: losses that fall, a state of two numbers, and faults where a test wants them. */
import { Sam2RadError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import type { Losses, StartTraining, TrainingEvent, TrainingJob } from '../../weights-tools/train/engine.ts';

export interface Faults {
  /** Called before each step. */
  readonly before?: (step: number) => void;
  /** Waited for in the middle of each measurement. */
  readonly measuring?: (step: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly nanAt?: number;
  /** The GPU is lost when the NaN comes. */
  readonly isLost?: boolean;
}

/** The jobs that were started, for tests to look into. */
export const jobs: TrainingJob[] = [];

export const fakeEngine =
  ({ before, measuring, nanAt, isLost = false }: Faults = {}): StartTraining =>
  async (job) => {
    jobs.push(job);
    const { epochs, batch, seed, learningRate } = job.settings;
    const perEpoch = Math.ceil(job.training.length / batch);
    const state = job.resume && (await (await openCheckpoint(job.resume)).tensors.get('state')?.readF32());
    let [done = 0, value = 1 + seed] = state ?? [];
    const file = (name: string, values: readonly number[], metadata: Readonly<Record<string, string>>) => {
      const bytes = async () => new Uint8Array(Float32Array.from(values).buffer);
      return writeSafetensors([{ name, dtype: 'F32', shape: [values.length], bytes }], metadata);
    };
    async function* measured(signal?: AbortSignal): AsyncGenerator<TrainingEvent> {
      const epoch = done / perEpoch;
      if (epoch % (job.validateEvery ?? 1) !== 0 && epoch !== epochs) return;
      await measuring?.(done, signal);
      const dice = job.classNames.map((_, i) => 1 - value / (i + 1 + seed));
      yield { kind: 'validation', step: done, epoch, dice };
    }
    async function* events({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<TrainingEvent> {
      if (done > 0 && done % perEpoch === 0) yield* measured(signal);
      while (done < epochs * perEpoch) {
        before?.(done + 1);
        if (done + 1 === nanAt) throw new Sam2RadError(`step ${nanAt}: the focal term of the loss is NaN`);
        done += 1;
        value = Math.fround(value * 0.9);
        const share = value / 5;
        const losses: Losses = {
          total: value,
          dice: share,
          focal: share,
          box: share,
          object: share,
          interim: share,
        };
        const epoch = Math.ceil(done / perEpoch);
        yield { kind: 'step', step: done, epoch, losses, learningRate, gradientNorm: value };
        if (done % perEpoch === 0) yield* measured(signal);
      }
    }
    return {
      adapter: { vendor: 'nobody', architecture: 'none', device: '', description: 'fake' },
      tuned: {},
      warnings: [],
      steps: epochs * perEpoch,
      get done() {
        return done;
      },
      isIntact: !isLost,
      events,
      checkpoint: (metadata = {}) => file('state', [done, value], metadata),
      model: (layout, metadata = {}) => file(`model.${layout}`, [value], metadata),
      dispose: () => {},
      [Symbol.dispose]: () => {},
    };
  };
