import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { RUNTIMES, type RuntimeName } from '../host/runtimes.ts';
import { FAMILIES, NANO, TINY, TINY_F16 } from '../models/known.ts';
import type { ModelSource } from '../models/source.ts';
import type { Provider } from '../page/ort.ts';
import { slugOf } from '../results.ts';

export const USAGE = `npm run bench [-- PART...]
    the device's roofs, every kernel of the models against them, the models, and onnxruntime-web beside ours;
    PARTs kernels, models, ort measure only these
npm run bench -- ladder [--only TEXT] [--large]
    the kernels that have a version 0 against it, and convolutions against the matrix product of their shape, too
npm run bench -- view [FILE] [FILE]
    draws the roofs of a result and compares two of them, in a page; the newest unless named
  --runtime chromium|node|deno   where: SwiftShader in Chromium (unless named) or in Dawn, llvmpipe in wgpu
  --rounds N                     how often each kernel takes its turn (5); models and others take 3 at most
  --only TEXT                    kernels whose name, output or shape contains it
  --model FILE                   a checkpoint in place of nano
  --large                        tiny at S = 1024 too: for hardware GPUs
  --half                         tiny stored and computed in f16 too: for GPUs with shader-f16
  --families                     kernels of the other families, of f16 and q8 storage and of adapters, too
  --tuned                        models with tuned kernels beside the defaults; where the adapter is no software
                                 adapter it is done anyway
  --providers webgpu,wasm        of onnxruntime-web
  --all                          every kernel in the tables
  --save-baseline                keeps the kernels' shares of their roofs for this adapter and runtime, of this run and
                                 of another one
  --check [--baseline FILE]      fails where a kernel's share fell by more than its noise
SAM2RAD_GPU=native takes the machine's own GPU.`;

const PARTS = ['kernels', 'models', 'ort'] as const;
export type PartName = (typeof PARTS)[number];

export interface Options {
  readonly runtime: RuntimeName;
  readonly rounds: number;
  readonly only: string;
  readonly large: boolean;
  readonly half: boolean;
  readonly families: boolean;
  readonly tuned: boolean;
  readonly all: boolean;
  /** A checkpoint's path. */
  readonly model: string | undefined;
  readonly providers: readonly Provider[];
  readonly saveBaseline: boolean;
  readonly check: boolean;
  readonly baseline: string | undefined;
}

export type Command =
  | { readonly name: 'measure'; readonly parts: readonly PartName[]; readonly options: Options }
  | { readonly name: 'ladder'; readonly options: Options }
  | { readonly name: 'view'; readonly files: readonly string[] }
  | { readonly name: 'help' };

/** @throws Error for what no command takes */
export function parseCommand(args: readonly string[]): Command {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      runtime: { type: 'string', default: 'chromium' },
      only: { type: 'string', default: '' },
      large: { type: 'boolean', default: false },
      half: { type: 'boolean', default: false },
      families: { type: 'boolean', default: false },
      tuned: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      model: { type: 'string' },
      providers: { type: 'string', default: 'webgpu,wasm' },
      'save-baseline': { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      baseline: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { name: 'help' };
  const options: Options = {
    runtime: oneOf('--runtime', values.runtime, RUNTIMES),
    rounds: Number(values.rounds),
    only: values.only,
    large: values.large,
    half: values.half,
    families: values.families,
    tuned: values.tuned,
    all: values.all,
    model: values.model === undefined ? undefined : resolve(values.model),
    providers: values.providers.split(',').map((each) => oneOf('--providers', each, ['webgpu', 'wasm'])),
    saveBaseline: values['save-baseline'],
    check: values.check,
    baseline: values.baseline,
  };
  if (!Number.isInteger(options.rounds) || options.rounds < 1)
    throw new Error(`--rounds is ${values.rounds}, expected a whole number from 1`);
  const [first, ...rest] = positionals;
  if (first === 'view') return { name: 'view', files: rest };
  if (first === 'ladder') return { name: 'ladder', options };
  const named = positionals.map((part) => oneOf('the part', part, PARTS));
  if ((options.saveBaseline || options.check) && options.only !== '')
    throw new Error('a baseline is of all kernels: leave --only out');
  const parts = named.length > 0 ? named : PARTS;
  if ((options.saveBaseline || options.check) && !parts.includes('kernels'))
    throw new Error('a baseline is of kernels: measure them, too');
  return { name: 'measure', parts, options };
}

function oneOf<T extends string>(what: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error(`${what} is '${value}', expected ${known.join(', ')}`);
  return found;
}

/** Models that are measured whole: nano with a prompt predictor, or a file; with `large` also tiny. */
export function modelsOf({ model, large, half }: Options, address: (file: string) => string): ModelSource[] {
  if (model !== undefined) return [{ name: basename(model), file: address(model) }];
  return [NANO, ...(large ? [TINY] : []), ...(half ? [TINY_F16] : [])].map((known) => known());
}

/** Models whose kernels are measured: those, and with `families` one of each family. */
export function kernelModelsOf(options: Options, address: (file: string) => string): ModelSource[] {
  return [...modelsOf(options, address), ...(options.families ? FAMILIES.map((known) => known()) : [])];
}

/** What was measured, as file names have it: results and baselines of other models are kept apart. */
export function modelsName(options: Options): string {
  const { model, large, half, families } = options;
  const own =
    model === undefined
      ? ['nano', ...(large ? ['tiny'] : []), ...(half ? ['tiny-f16'] : [])]
      : [slugOf(basename(model))];
  return [...own, ...(families ? ['families'] : [])].join('-');
}
