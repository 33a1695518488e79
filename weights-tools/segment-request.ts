import type { Box, Precision, TuningStore, WeightStorage } from '../src/index.ts';
import { oneOf, type Point, parse, parseBox, parseBytes, parsePoint, parsePositive } from './arguments.ts';
import { UsageError } from './errors.ts';
import { demoModel } from './node/package.ts';
import { parseTuning, TUNING_OPTIONS } from './node/tuning.ts';
import { SEGMENT_USAGE } from './usage.ts';

/** What `sam2rad segment` was asked for. */
export interface SegmentRequest {
  readonly pictures: readonly string[];
  readonly model: string;
  readonly folder: string;
  /** Unless given the model decides. */
  readonly mode?: 'auto' | 'manual';
  readonly box?: Box;
  readonly points: readonly Point[];
  readonly maskInput?: string;
  readonly multimask: boolean;
  /** Unless given the file and the device decide. */
  readonly storage?: WeightStorage;
  readonly compute?: Precision;
  /** Side of the square that the model sees; unless given the file's own. */
  readonly imageSize?: number;
  /** Bytes that the model may take on the GPU. */
  readonly memoryLimit?: number;
  /** Where the fastest kernels of the device are kept. */
  readonly tuning: TuningStore | undefined;
  readonly dump?: string;
  readonly json: boolean;
}

/**
 * @returns the request, or the help that was asked for
 * @throws UsageError
 */
export function parseSegment(argv: readonly string[]): SegmentRequest | string {
  const { values, positionals } = parse(argv, {
    model: { type: 'string', short: 'm' },
    output: { type: 'string', short: 'o' },
    mode: { type: 'string' },
    box: { type: 'string' },
    point: { type: 'string', multiple: true },
    'mask-input': { type: 'string' },
    multimask: { type: 'boolean' },
    storage: { type: 'string' },
    compute: { type: 'string' },
    'image-size': { type: 'string' },
    'memory-limit': { type: 'string' },
    ...TUNING_OPTIONS,
    dump: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return SEGMENT_USAGE;
  if (positionals.length === 0) throw new UsageError('segment needs at least one IMAGE');
  const request: SegmentRequest = {
    pictures: positionals,
    model: values.model ?? demoModel(),
    folder: values.output ?? '.',
    ...(values.mode !== undefined && { mode: oneOf('mode', values.mode, ['auto', 'manual']) }),
    ...(values.box !== undefined && { box: parseBox(values.box) }),
    points: (values.point ?? []).map(parsePoint),
    ...(values['mask-input'] !== undefined && { maskInput: values['mask-input'] }),
    multimask: values.multimask ?? false,
    ...(values.storage !== undefined && {
      storage: oneOf('storage', values.storage, ['f32', 'f16', 'q8']),
    }),
    ...(values.compute !== undefined && { compute: oneOf('compute', values.compute, ['f32', 'f16']) }),
    ...(values['image-size'] !== undefined && {
      imageSize: parsePositive('image-size', values['image-size']),
    }),
    ...(values['memory-limit'] !== undefined && {
      memoryLimit: parseBytes('memory-limit', values['memory-limit']),
    }),
    tuning: parseTuning(values),
    ...(values.dump !== undefined && { dump: values.dump }),
    json: values.json ?? false,
  };
  if (request.mode !== undefined) checkMode(request, request.mode);
  return request;
}

/** @throws UsageError where the prompts do not go with the mode */
export function checkMode(request: SegmentRequest, mode: 'auto' | 'manual'): void {
  const hasPrompt = request.box !== undefined || request.points.length > 0 || request.maskInput !== undefined;
  if (mode === 'manual' && !hasPrompt) {
    const why =
      request.mode === undefined
        ? `${request.model} has no prompt predictor, so the mode is manual: it`
        : 'manual mode';
    throw new UsageError(
      `${why} needs a prompt; add --box x0,y0,x1,y1, --point x,y,label or --mask-input FILE`,
    );
  }
  if (mode === 'auto' && request.multimask)
    throw new UsageError('--multimask belongs to manual mode; add --mode manual');
}
