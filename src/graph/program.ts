import { ShapeError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { Executable } from '../gpu/executor.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import type { BufferPool } from '../gpu/pool.ts';
import { type Recording, trafficOf } from './graph.ts';
import type { Plan } from './plan.ts';
import type { Tensor } from './tensor.ts';

/** What a program needs of its surroundings. */
export interface Workspace {
  readonly gpu: Gpu;
  readonly pipelines: PipelineCache;
  readonly pool: BufferPool;
}

/** A planned recording bound to buffers: what is run, again and again. */
export interface Program {
  readonly executable: Executable;
  /** The buffer of any tensor that the recording mentions. */
  bufferOf(tensor: Tensor): GPUBuffer;
}

/**
 * Binds a planned recording: activations to pooled buffers; parameters, externals and outputs to those of `bound`.
 *
 * @throws ShapeError where `bound` lacks a buffer.
 */
export async function compile(
  { gpu, pipelines, pool }: Workspace,
  recording: Recording,
  { slotOf, slotBytes }: Plan,
  bound: (tensor: Tensor) => GPUBuffer | undefined,
): Promise<Program> {
  const slots = pool.take(slotBytes);
  const bufferOf = (tensor: Tensor): GPUBuffer => {
    const slot = slotOf.get(tensor);
    const buffer = slot === undefined ? bound(tensor) : slots[slot];
    if (!buffer) throw new ShapeError(`recording '${recording.name}': nothing is bound to '${tensor.name}'`);
    return buffer;
  };
  const dispatches = recording.dispatches.map((dispatch) => {
    const written = dispatch.kernel.bindings.findIndex((binding) => binding.writes);
    return {
      ...dispatch,
      label: dispatch.operands[written]?.name ?? dispatch.kernel.name,
      buffers: dispatch.operands.map(bufferOf),
      bytes: trafficOf(dispatch),
    };
  });
  return { executable: await Executable.create(gpu, pipelines, recording.name, dispatches), bufferOf };
}
