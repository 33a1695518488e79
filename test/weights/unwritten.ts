/** Files as they would be if they had been written: their tensors are made at each read, so that large models fit. */
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { FORMAT, VERSION } from '../../src/weights/metadata.ts';
import { planReference, type ReferencePlan } from '../../src/weights/reference-layout.ts';
import type { Checkpoint, StoredTensor } from '../../src/weights/types.ts';
import { fixtureJson } from './fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from './generated-weights.ts';

/** What `convertCheckpoint` would write in f32. */
export function canonicalCheckpoint(checkpoint: Checkpoint, imageSize?: number): Checkpoint {
  const description = describeCheckpoint(checkpoint, imageSize);
  return {
    name: 'ours.safetensors',
    container: 'safetensors',
    tensors: canonicalTensors(checkpoint, description),
    metadata: {
      format: FORMAT,
      version: VERSION,
      config: JSON.stringify(description.config),
      source: checkpoint.name,
    },
    warnings: [],
  };
}

/** What `referenceCheckpoint` would write. */
export function plannedCheckpoint({ tensors, metadata }: ReferencePlan): Checkpoint {
  const stored = tensors.map(({ name, dtype, shape, bytes }): [string, StoredTensor] => {
    const readF32 = async () => new Float32Array(new Uint8Array(await bytes()).buffer);
    return [name, { name, dtype, shape, read: bytes, readF32 }];
  });
  return {
    name: 'reference.safetensors',
    container: 'safetensors',
    tensors: new Map(stored),
    metadata,
    warnings: [],
  };
}

/** Keys, shapes and rules of a model. */
export const listing = (path: string) => fixtureJson<WeightsJson>(path);
/** A golden's weights in the reference's layout. */
export const golden = (name: string) =>
  generatedCheckpoint(listing(`goldens/${name}.weights.json`), { name: `${name}.ckpt` });
/** How the checkpoint would be written in the reference's layout. */
export const plan = (checkpoint: Checkpoint, base?: Checkpoint) =>
  planReference(checkpoint, describeCheckpoint(checkpoint), base);

/** f32 as bits, so that -0 is not 0. */
export async function bitsOf(checkpoint: Checkpoint, key: string): Promise<Buffer | undefined> {
  const values = await checkpoint.tensors.get(key)?.readF32();
  return values && Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** `toEqual` would take seconds for a large tensor. */
export async function expectSame(
  got: Checkpoint,
  key: string,
  expected: Checkpoint,
  name: string,
): Promise<void> {
  const [is, should] = [await bitsOf(got, key), await bitsOf(expected, name)];
  if (!is || !should?.equals(is)) throw new Error(`${key} is not ${name} of ${expected.name}, bit for bit`);
}
