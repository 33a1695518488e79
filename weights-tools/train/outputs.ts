import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/** The files of a run. */
export interface TrainOutputs {
  readonly model: string;
  readonly csv: string;
  readonly svg: string;
  readonly record: string;
  readonly checkpoint: string;
}

const ENDING = '.safetensors';

/**
 * @param output a folder, or a name that ends in .safetensors
 * @param inputs files that must stay as they are
 * @throws UsageError where a file of the run would replace an input
 */
export function planTrainOutputs(output: string, inputs: readonly string[]): TrainOutputs {
  const stem = output.endsWith(ENDING) ? output.slice(0, -ENDING.length) : join(output, 'model');
  const outputs = {
    model: `${stem}${ENDING}`,
    csv: `${stem}.csv`,
    svg: `${stem}.svg`,
    record: `${stem}.json`,
    checkpoint: `${stem}.checkpoint${ENDING}`,
  };
  const taken = new Set(inputs.map((path) => resolve(path).toLowerCase()));
  for (const path of Object.values(outputs))
    if (taken.has(resolve(path).toLowerCase()))
      throw new UsageError(`train would write ${path}, which is also its input; choose another -o`);
  return outputs;
}
