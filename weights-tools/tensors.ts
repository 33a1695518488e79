import { PromptError } from '../src/errors.ts';
import type { DumpedTensor } from '../src/index.ts';
import { littleEndian } from '../src/weights/canonical-tensors.ts';
import { openCheckpoint } from '../src/weights/open.ts';
import { type TensorSource, writeSafetensors } from '../src/weights/write-safetensors.ts';
import { openFile, writeAtomically, writeChunks } from './node/files.ts';

/**
 * The tensor `mask_input` of a safetensors file: [side, side] logits, with leading ones or without.
 * @throws PromptError where it is absent or has another shape; as `openCheckpoint`
 */
export async function readMaskInput(path: string, side: number, signal: AbortSignal): Promise<Float32Array> {
  const { name, tensors } = await openCheckpoint(await openFile(path), { signal });
  const tensor = tensors.get('mask_input');
  if (!tensor) {
    const names = [...tensors.keys()].slice(0, 8).join(', ');
    throw new PromptError(`${name} has no tensor mask_input; it has ${names || 'none at all'}`);
  }
  const { shape } = tensor;
  const fits =
    shape.length >= 2 && shape.every((length, axis) => length === (axis < shape.length - 2 ? 1 : side));
  if (!fits)
    throw new PromptError(
      `mask_input of ${name} has shape [${shape.join(', ')}], this model expects [1, 1, ${side}, ${side}] or [${side}, ${side}]`,
    );
  return tensor.readF32(signal);
}

/** The tensors of `--dump`, gathered picture by picture and written at the end. */
export class DumpFile {
  readonly #path: string;
  readonly #tensors: TensorSource[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** @param prefix goes before each name */
  add(prefix: string, tensors: ReadonlyMap<string, DumpedTensor>): void {
    for (const [name, { shape, data }] of tensors)
      this.#tensors.push({ name: prefix + name, dtype: 'F32', shape, bytes: async () => littleEndian(data) });
  }

  /** @throws FileError */
  async write(signal: AbortSignal): Promise<void> {
    const chunks = writeSafetensors(this.#tensors, { made_by: 'sam2rad segment --dump' }, signal);
    await writeAtomically(this.#path, (file) => writeChunks(file, chunks));
  }
}
