import type { Precision, WeightStorage } from '../../src/gpu/kernel.ts';
import type { GraphTraits } from '../../src/graph/graph.ts';
import { loadDecoder } from '../../src/tasks/decoders.ts';
import { loadEncoder } from '../../src/tasks/encoders.ts';
import type { StageContext } from '../../src/tasks/recordings.ts';
import { convertCheckpoint, describeCheckpoint } from '../../src/weights/convert.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import type { Checkpoint } from '../../src/weights/types.ts';
import { generatedCheckpoint, type WeightsJson } from '../../weights-tools/generate/rule.ts';
import type { PartName } from '../census/parts.ts';

/** A model to measure: a table whose weights are generated, or a file. Plain data, so that a page can have it. */
export interface ModelSource {
  /** How reports call it. */
  readonly name: string;
  readonly weights?: WeightsJson;
  /** What `open` takes, where there is no table. */
  readonly file?: string;
  /** S, where it is not the checkpoint's own. */
  readonly imageSize?: number;
  /** How its matrices are stored, where it is not in f32. */
  readonly storage?: WeightStorage;
  /** What its products multiply in, where it is not f32. */
  readonly compute?: Precision;
  /** Whose kernels are looked at, where it is not all. */
  readonly parts?: readonly PartName[];
}

/** The bytes of a file of the machine's, by its path or address. */
export type OpenFile = (file: string) => Promise<Blob>;

async function checkpointOf({ name, weights, file }: ModelSource, open: OpenFile): Promise<Checkpoint> {
  if (weights) return generatedCheckpoint(weights, { name });
  if (file === undefined) throw new Error(`${name} has neither weights nor a file`);
  return openCheckpoint(await open(file), { name });
}

/** What records the model's stages, without its weights. */
export async function contextOf(
  source: ModelSource,
  device: GraphTraits,
  open: OpenFile,
): Promise<StageContext> {
  const { storage = 'f32', compute = 'f32' } = source;
  const traits = { ...device, storage, compute };
  const { config } = describeCheckpoint(await checkpointOf(source, open), source.imageSize);
  const [encoder, decoder] = await Promise.all([loadEncoder(config), loadDecoder(config, traits)]);
  return { config, encoder, decoder, traits };
}

/** Whether steps of training are measured. */
export const trains = ({ parts }: ModelSource, { config }: StageContext): boolean =>
  config.ppn !== undefined && (parts === undefined || parts.includes('train step'));

/** The model as a file of f32. */
export async function fileOf(source: ModelSource, open: OpenFile): Promise<Blob> {
  const { imageSize } = source;
  const chunks: BlobPart[] = [];
  const options = { dtype: 'f32', ...(imageSize === undefined ? {} : { imageSize }) } as const;
  // The converter's chunks own their memory.
  for await (const chunk of convertCheckpoint(await checkpointOf(source, open), options))
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  return new Blob(chunks);
}
