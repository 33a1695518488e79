import { kindOf } from '../errors.ts';
import type { CallOptions, LoadOptions, PredictOptions } from './types.ts';

/** A name each, of which none can be forgotten. */
type Names<T> = Readonly<Record<keyof T, 1>>;

const CALL: Names<CallOptions> = { signal: 1, onProgress: 1 };
const OPTIONS = {
  setImage: CALL,
  predict: {
    mode: 1,
    box: 1,
    pointCoords: 1,
    pointLabels: 1,
    maskInput: 1,
    multimaskOutput: 1,
    classes: 1,
    refine: 1,
    returnLogits: 1,
    returnTensors: 1,
    ...CALL,
  } satisfies Names<PredictOptions>,
  loadModel: {
    device: 1,
    gpu: 1,
    powerPreference: 1,
    imageSize: 1,
    preprocess: 1,
    storage: 1,
    compute: 1,
    memoryLimit: 1,
    tuning: 1,
    tuned: 1,
    ...CALL,
  } satisfies Names<LoadOptions>,
};

/**
 * Refuses options that nobody would read, misspelled or in Python's words: a model answers without them, and otherwise than
 * was meant. And what is no signal, before anything waits for it.
 */
export function expectOptions(
  call: keyof typeof OPTIONS,
  options: CallOptions | LoadOptions,
  Refusal: new (message: string) => Error,
): void {
  if (Object(options) !== options)
    throw new Refusal(`${call} was given ${kindOf(options)}, expected an object of options or nothing`);
  const names = Object.keys(OPTIONS[call]);
  const stranger = Object.keys(options).find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw new Refusal(`${call} has no option '${stranger}', expected ${names.join(', ')}`);
  if (options.signal && kindOf(options.signal) !== 'AbortSignal')
    throw new Refusal(`signal is ${kindOf(options.signal)}, expected an AbortSignal: controller.signal`);
}
