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
  /** Where any tensor that the recording mentions lies. */
  bindingOf(tensor: Tensor): GPUBufferBinding;
}

/**
 * Binds a planned recording: activations to pooled buffers; parameters, externals and outputs to those of `bound`, each
 * a whole buffer or a range of one.
 *
 * @throws ShapeError where `bound` lacks a buffer.
 */
export async function compile(
  { gpu, pipelines, pool }: Workspace,
  recording: Recording,
  { slotOf, slotBytes }: Plan,
  bound: (tensor: Tensor) => GPUBufferBinding | undefined,
): Promise<Program> {
  const slots = pool.take(slotBytes);
  const bindingOf = (tensor: Tensor): GPUBufferBinding => {
    const slot = slotOf.get(tensor);
    const pooled = slot === undefined ? undefined : slots[slot];
    const binding = pooled ? { buffer: pooled } : bound(tensor);
    if (!binding) throw new ShapeError(`recording '${recording.name}': nothing is bound to '${tensor.name}'`);
    return binding;
  };
  const dispatches = recording.dispatches.map((dispatch) => {
    const written = dispatch.kernel.bindings.findIndex((binding) => binding.writes);
    return {
      ...dispatch,
      label: dispatch.operands[written]?.name ?? dispatch.kernel.name,
      buffers: dispatch.operands.map(bindingOf),
      bytes: trafficOf(dispatch),
    };
  });
  return { executable: await Executable.create(gpu, pipelines, recording.name, dispatches), bindingOf };
}
