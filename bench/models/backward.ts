/** What a training step's backward pass costs beside its forward pass. */
import type { Recording } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { TrainingEngine } from '../../src/tasks/train/engine.ts';
import { recordTrainingStep } from '../../src/tasks/train/recordings.ts';
import { DRAW } from '../census/parts.ts';
import { type Spread, spread } from '../measure.ts';
import type { NamedRow } from './calls.ts';
import { inARow, type Turns } from './rounds.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { DeviceWatch } from './watch.ts';

/** Pictures of a batch: they go through one by one. */
const BATCH = 4;
/** What is expected of a gradient: each product of the forward pass has two in the backward pass, and more is read. */
export const BACKWARD_TARGET = 3;

/** Time of the backward pass over the forward's. */
export interface Backward {
  readonly batch: number;
  readonly ratio: Spread;
  /** By the CPU time of a software adapter, to which a busy machine adds nothing. */
  readonly cpuRatio: Spread | null;
}

/**
 * The part of a step that its losses depend on, as a recording of its own: forward and backward pass are recorded class
 * by class, in turns. What a derivative computes again is backward.
 */
export function forwardOf(step: Recording, losses = 'loss_terms'): Recording {
  const wanted = new Set<Tensor>(
    step.dispatches.flatMap(({ operands }) => operands.filter(({ name }) => name === losses)),
  );
  const dispatches = step.dispatches.toReversed().filter(({ kernel, operands }) => {
    if (!operands.some((tensor, i) => kernel.bindings[i]?.writes && wanted.has(tensor))) return false;
    for (const [i, tensor] of operands.entries()) if (!kernel.bindings[i]?.writes) wanted.add(tensor);
    return true;
  });
  const parameters = step.parameters.filter(({ tensor }) => wanted.has(tensor));
  return {
    name: `forward of ${step.name}`,
    dispatches: dispatches.reverse(),
    parameters,
    outputs: new Map(),
  };
}

interface Lap {
  readonly ms: number;
  readonly cpu: number | null;
  readonly submits: number;
}

/** The whole of a batch and its forward pass in turns, without optimiser and uploads; the backward pass is the rest. */
export async function measureBackward(
  { stages, gpu, context }: TrainingEngine,
  counts: DeviceWatch,
  watch: Stopwatch,
  turns: Turns,
): Promise<{ readonly backward: Backward; readonly calls: NamedRow[] }> {
  const step = recordTrainingStep(context, DRAW);
  const forward = forwardOf(step);
  const lap = async (recording: Recording): Promise<Lap> => {
    const before = counts.submits;
    const { ms, cpu } = await watch.time(async () => {
      for (let i = 0; i < BATCH; i++) await stages.run(`bench ${recording.name}`, () => recording);
      await gpu.finish();
    });
    return { ms, cpu, submits: counts.submits - before };
  };
  const both = async () => {
    const [whole, own] = [await lap(step), await lap(forward)];
    const cpu = whole.cpu === null || own.cpu === null ? null : whole.cpu - own.cpu;
    const rest = { ms: whole.ms - own.ms, cpu, submits: whole.submits - own.submits };
    return { forward: own, backward: rest };
  };
  // The first time is cold: bind groups are made.
  const cold = await both();
  const later = await inARow(turns, gpu.traits.cpu, both);
  const ratios = later.map(({ forward: f, backward: b }) => b.ms / f.ms);
  const cpuRatios = later.flatMap(({ forward: f, backward: b }) => (f.cpu && b.cpu ? [b.cpu / f.cpu] : []));
  const row = (which: 'forward' | 'backward', dispatches: number): NamedRow => {
    const own = later.map((each) => each[which]);
    const cpu = own.flatMap((each) => each.cpu ?? []);
    return {
      call: `${which} of ${BATCH}`,
      cold: cold[which].ms,
      warm: spread(own.map(({ ms }) => ms)),
      cpu: cpu.length > 0 ? spread(cpu) : null,
      dispatches: BATCH * dispatches,
      submits: own.at(-1)?.submits ?? null,
    };
  };
  const count = forward.dispatches.length;
  return {
    backward: {
      batch: BATCH,
      ratio: spread(ratios),
      cpuRatio: cpuRatios.length > 0 ? spread(cpuRatios) : null,
    },
    calls: [row('forward', count), row('backward', step.dispatches.length - count)],
  };
}
