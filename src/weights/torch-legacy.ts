import { CheckpointError } from '../errors.ts';
import { type NamedBlob, readRange } from './blob.ts';
import { elementBytes } from './dtypes.ts';
import { unpickle } from './pickle.ts';
import { PickleEnds } from './pickle-bytes.ts';
import { isDict, isSequence, kindOf, type Value } from './pickle-values.ts';
import type { Storage } from './storage.ts';
import { torchCheckpoint } from './torch-checkpoint.ts';
import { TorchObjects } from './torch-objects.ts';
import type { Checkpoint } from './types.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** The pickles are not delimited, so we read this much of the file, and more only if they go on. */
const WINDOWS = [1 << 20, 8 << 20, 64 << 20];

interface Stream {
  readonly objects: TorchObjects;
  readonly root: Value;
  /** Keys of the storages in the order in which they follow. */
  readonly keys: readonly string[];
  /** Where the storages start. */
  readonly end: number;
}

/**
 * Opens what torch.save wrote before 1.6 (and writes with `_use_new_zipfile_serialization=False`): pickles of
 * a magic number, the protocol, the machine, the object and the storages' keys, then for each storage a u64
 * count of elements and the elements.
 * @throws CheckpointError for a pickle that is no such stream, a missing or short storage, a big-endian file
 */
export async function openTorchLegacy(file: NamedBlob, signal?: AbortSignal): Promise<Checkpoint> {
  const stream = await readPickles(file, signal);
  const places = await placeStorages(file, stream, signal);
  return torchCheckpoint(file.name, 'torch-legacy', stream.root, stream.objects, (ref, tensor) => {
    const storage = places.get(ref.key);
    const expected = (ref.start + ref.elements) * (ref.dtype ? elementBytes[ref.dtype] : 1);
    if (!storage || storage.bytes < expected) {
      throw new CheckpointError(
        `${file.name}: tensor "${tensor}" lies in storage ${ref.key}, which should have ${expected} bytes but ${storage ? `has ${storage.bytes}` : 'is missing'}. The file is damaged; download it again.`,
      );
    }
    return storage;
  });
}

async function readPickles(file: NamedBlob, signal?: AbortSignal): Promise<Stream> {
  for (const window of WINDOWS) {
    const bytes = await readRange(file, 0, Math.min(window, file.blob.size), signal);
    try {
      return parsePickles(bytes, file.name);
    } catch (error) {
      const isAll = bytes.byteLength === file.blob.size || window === WINDOWS.at(-1);
      if (!(error instanceof PickleEnds) || isAll) throw error;
    }
  }
  throw new CheckpointError(`${file.name}: its pickle has no end.`);
}

function parsePickles(bytes: Uint8Array, file: string): Stream {
  const objects = new TorchObjects(file);
  let at = 0;
  const next = (what: string): Value => {
    const { value, end } = unpickle(bytes, `${file}: ${what}`, objects, at);
    at = end;
    return value;
  };
  if (next('the magic number') !== MAGIC) {
    const names = [...objects.refused].slice(0, 5).join(', ');
    throw new CheckpointError(
      `${file} is a Python pickle, but not one that torch.save wrote${names ? ` (it names ${names}; nothing was executed)` : ''}. Save the model's state_dict() with torch.save.`,
    );
  }
  const protocol = next('the protocol');
  if (protocol !== PROTOCOL) {
    throw new CheckpointError(
      `${file}: torch's legacy protocol is ${kindOf(protocol) ?? String(protocol)}, expected ${PROTOCOL}. Save it with a current torch.`,
    );
  }
  const machine = next('the machine');
  if (isDict(machine) && machine.entries.get('little_endian') === false) {
    throw new CheckpointError(
      `${file} was written on a big-endian machine. Load and save it on a little-endian one (any x86 or ARM).`,
    );
  }
  const root = next('the object');
  const list = next('the list of storages');
  const keys = isSequence(list) ? list.items.filter((key) => typeof key === 'string') : [];
  return { objects, root, keys, end: at };
}

/** Walks over the storages: each has its count before it, and the type comes from the pickle. */
async function placeStorages(
  file: NamedBlob,
  stream: Stream,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Storage>> {
  const places = new Map<string, Storage>();
  let at = stream.end;
  for (const key of stream.keys) {
    const ref = stream.objects.storages.get(key);
    if (!ref?.dtype) {
      throw new CheckpointError(
        `${file.name}: storage ${key} has ${ref ? `type ${ref.type}, which we do not read,` : 'no type'} so what follows it cannot be found. Save the model's state_dict() with a current torch.`,
      );
    }
    const head = await readRange(file, at, at + 8, signal);
    const count = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true));
    const start = at + 8;
    const bytes = count * elementBytes[ref.dtype];
    if (!(count >= 0) || start + bytes > file.blob.size || places.has(key)) {
      throw new CheckpointError(
        `${file.name}: storage ${key} claims ${count} elements at byte ${start} of ${file.blob.size}. The file is damaged or truncated; download it again.`,
      );
    }
    const read = (from: number, to: number, cancel?: AbortSignal) =>
      readRange(file, start + from, start + to, cancel);
    places.set(key, { bytes, read });
    at = start + bytes;
  }
  return places;
}
