import { GpuError } from '../../errors.ts';
import type { GraphTraits, Recording } from '../../graph/graph.ts';
import type { Parameter } from '../../graph/parameter.ts';
import { plan, sharedSlots } from '../../graph/plan.ts';
import { bytesOf } from '../../graph/tensor.ts';
import { openCheckpoint } from '../../weights/open.ts';
import { parameterBytes } from '../../weights/parameters.ts';
import { excess, type MemoryLimits } from '../storage.ts';
import { checkSettings } from './check.ts';
import { drawsOf } from './draws.ts';
import type { TrainingJob } from './job.ts';
import { gradientName, STATE_NAMES } from './recordings.ts';
import { DROPOUT, trainable, trainingRecordings, trainingSetup } from './setup.ts';

/**
 * Bytes on the GPU at the peak of a training. They do not grow with the batch. A picture at its own size, while it is
 * brought to the model's square, comes beside them.
 */
export interface TrainingMemory {
  readonly total: number;
  /** Of the stage with the most of them: stages share their buffers. */
  readonly activations: number;
  /** What is trained, with its gradients and two moments. */
  readonly learned: number;
  readonly frozen: number;
  /** What stages hand to each other, and a picture with its true masks. */
  readonly named: number;
  readonly largestBinding: number;
}

/** What recordings take that share their buffers, with all that is trained. */
export function trainingMemory(
  recordings: readonly Recording[],
  trained: (key: string) => boolean,
): TrainingMemory {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const parameters = new Map(
    recordings.flatMap((recording) => recording.parameters.map((one) => [one.tensor.name, one] as const)),
  );
  const isLearned = ({ sources }: Parameter) => sources.some(({ key }) => trained(key));
  const all = [...parameters.values()];
  const learnedOnce = sum(all.filter(isLearned).map(({ tensor }) => bytesOf(tensor)));
  const gradients = new Set(all.filter(isLearned).map(({ tensor }) => gradientName(tensor.name)));
  const lengths = new Map<string, number>();
  for (const { dispatches, outputs } of recordings) {
    const externals = dispatches.flatMap(({ operands }) =>
      operands.filter(({ kind }) => kind === 'external'),
    );
    for (const [name, tensor] of [
      ...externals.map((tensor) => [tensor.name, tensor] as const),
      ...[...outputs].map(([tensor, name]) => [name, tensor] as const),
    ])
      if (!gradients.has(name)) lengths.set(name, Math.max(lengths.get(name) ?? 0, bytesOf(tensor)));
  }
  const plans = recordings.map(plan);
  const activations = sum(sharedSlots(plans));
  const learned = STATE_NAMES.length * learnedOnce;
  const frozen = sum(all.filter((one) => !isLearned(one)).map(({ tensor }) => parameterBytes(tensor)));
  const named = sum([...lengths.values()]);
  const bound = [...plans.map(({ largestBytes }) => largestBytes), ...lengths.values(), learnedOnce];
  return {
    total: activations + learned + frozen + named,
    ...{ activations, learned, frozen, named },
    largestBinding: Math.max(...bound, ...all.map(({ tensor }) => bytesOf(tensor))),
  };
}

/** What a training must fit into, as far as it is limited. */
export type TrainingLimits = { readonly [Limit in keyof MemoryLimits]?: MemoryLimits[Limit] | undefined };

const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * Plans a training without a device, from default kernels; only the base's header is read.
 * @throws TrainingSettingsError, CheckpointError as `openTrainingRun`; GpuError where it does not fit, with the bytes that are planned and the limit
 */
export async function planTraining(
  job: Pick<TrainingJob, 'base' | 'datasetName' | 'classNames' | 'settings' | 'signal'>,
  { total: most = NO_LIMIT, binding = NO_LIMIT }: TrainingLimits = {},
  traits: GraphTraits = { subgroups: false, cpu: false },
): Promise<TrainingMemory> {
  checkSettings(job);
  const { base, settings, signal } = job;
  const checkpoint = trainable(
    await openCheckpoint(base, { argument: 'base', ...(signal && { signal }) }),
    job,
  );
  const { contextFor } = await trainingSetup(checkpoint, { parts: settings.train, dropout: DROPOUT });
  const context = contextFor(traits);
  const memory = trainingMemory(trainingRecordings(context, drawsOf(settings.train)), context.trained);
  const { total, largestBinding, learned, frozen } = memory;
  const planned = { total, weights: learned + frozen, binding: largestBinding };
  const why = excess(planned, { total: most, binding });
  if (why !== undefined)
    throw new GpuError(`this training ${why}; train fewer parts or classes, or a smaller base`);
  return memory;
}
