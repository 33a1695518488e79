import { CheckpointError } from '../errors.ts';
import type { StoredTensor } from './types.ts';

/** Refuses one value of a tensor of `file`; `advice` says what was expected or what to do. */
export function badValue(
  file: string,
  name: string,
  values: Float32Array,
  at: number,
  advice: string,
): CheckpointError {
  return new CheckpointError(`${file}: value ${at} of tensor "${name}" is ${values[at]}. ${advice}`);
}

/**
 * A tensor's values for a file of ours.
 * @throws CheckpointError where one is NaN or infinite
 */
export async function readFinite(
  file: string,
  tensor: StoredTensor,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const values = await tensor.readF32(signal);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  const advice = 'Finite values were expected: the training that made it diverged.';
  throw badValue(file, tensor.name, values, bad, advice);
}
