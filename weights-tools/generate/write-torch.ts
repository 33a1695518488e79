import { elementBytes, elementCount } from '../../src/weights/dtypes.ts';
import { contiguousStrides } from '../../src/weights/storage.ts';
import type { DType, StoredTensor } from '../../src/weights/types.ts';
import { utf8 } from './byte-lists.ts';
import { dict, int, pickle, str, tensor } from './pickle-ops.ts';
import { ZipWriter } from './zip-writer.ts';

/** torch's storage classes of what we write. */
const STORAGES: Readonly<Partial<Record<DType, string>>> = { F32: 'FloatStorage', I64: 'LongStorage' };
/** Where the sizes of a zip end; headers and names take a little. */
const ZIP64_FROM = 2 ** 32 - 2 ** 24;

/** How a file nests its state dict: flat (SAM), under `model` (SAM2), under `state_dict` beside counters (Lightning). */
export type Wrapping = 'flat' | 'model' | 'lightning';

/** A tensor to be written; with `alias`, a view of the whole of that other one's storage. */
export interface TorchTensor extends StoredTensor {
  readonly alias?: string | undefined;
}

/**
 * What torch.save writes: a zip of `archive/data.pkl`, its contents at multiples of 64 bytes, a storage a tensor,
 * one shared by those that are aliases. Yields the file front to back; at most one tensor is in memory.
 * @throws the signal's reason when cancelled
 */
export async function* writeTorch(
  tensors: ReadonlyMap<string, TorchTensor>,
  wrapping: Wrapping,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const own = [...tensors.values()].filter(({ alias }) => alias === undefined);
  const keys = new Map(own.map(({ name }, index) => [name, String(index)]));
  const bytes = own.reduce(
    (sum, { dtype, shape }) => sum + (elementCount(shape) ?? 0) * elementBytes[dtype],
    0,
  );
  const zip = new ZipWriter({ align: 64, zip64: bytes >= ZIP64_FROM });
  const state = Object.fromEntries(
    Array.from(tensors, ([name, { alias, shape, dtype }]) => {
      const key = keys.get(alias ?? name) ?? '';
      const storage = STORAGES[dtype] ?? 'FloatStorage';
      return [name, tensor(key, shape, contiguousStrides(shape), elementCount(shape) ?? 0, 0, storage)];
    }),
  );
  yield* zip.add('archive/data.pkl', pickle(wrapped(dict(state), wrapping)));
  yield* zip.add('archive/byteorder', utf8('little'));
  for (const source of own) {
    signal?.throwIfAborted();
    yield* zip.add(`archive/data/${keys.get(source.name)}`, await source.read(signal));
  }
  yield* zip.add('archive/version', utf8('3\n'));
  yield zip.end();
}

function wrapped(state: number[], wrapping: Wrapping): number[] {
  if (wrapping === 'flat') return state;
  if (wrapping === 'model') return dict({ model: state });
  return dict({
    epoch: int(0),
    global_step: int(0),
    'pytorch-lightning_version': str('2.4.0'),
    state_dict: state,
  });
}
