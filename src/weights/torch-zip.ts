import { CheckpointError } from '../errors.ts';
import type { NamedBlob } from './blob.ts';
import { elementBytes } from './dtypes.ts';
import { unpickle } from './pickle.ts';
import type { StorageRef } from './pickle-values.ts';
import type { Storage } from './storage.ts';
import { torchCheckpoint } from './torch-checkpoint.ts';
import { TorchObjects } from './torch-objects.ts';
import type { Checkpoint } from './types.ts';
import { openZip, type ZipEntry, ZipReader } from './zip.ts';

/** data.pkl holds names and shapes: 1 MB for the largest SAM. Hyper-parameters can swell it. */
const MAX_PICKLE_BYTES = 64 << 20;

/**
 * Opens what torch.save writes since 1.6: a zip of `<root>/data.pkl`, `<root>/byteorder` and
 * `<root>/data/<key>`, all stored uncompressed.
 * @throws CheckpointError for a damaged zip or pickle, a missing or short storage, a big-endian file
 */
export async function openTorchZip(file: NamedBlob, signal?: AbortSignal): Promise<Checkpoint> {
  const entries = await openZip(file, signal);
  const pickle = findPickle(file.name, entries);
  const root = pickle.name.slice(0, -'data.pkl'.length);
  await checkByteOrder(file, entries.get(`${root}byteorder`), signal);
  if (pickle.bytes > MAX_PICKLE_BYTES) {
    throw new CheckpointError(
      `${file.name}: ${pickle.name} has ${pickle.bytes} bytes, the limit is ${MAX_PICKLE_BYTES}. Save the model's state_dict() alone.`,
    );
  }
  const bytes = await new ZipReader(file, pickle).read(0, pickle.bytes, signal);
  const objects = new TorchObjects(file.name);
  const { value } = unpickle(bytes, `${file.name}: ${pickle.name}`, objects);

  const storages = new Map<string, Storage>();
  const storageOf = (ref: StorageRef, tensor: string): Storage => {
    const entry = entries.get(`${root}data/${ref.key}`);
    const expected = ref.elements * (ref.dtype ? elementBytes[ref.dtype] : 1);
    if (!entry || entry.bytes < expected) {
      throw new CheckpointError(
        `${file.name}: tensor "${tensor}" lies in ${root}data/${ref.key}, which should have ${expected} bytes but ${entry ? `has ${entry.bytes}` : 'is missing'}. The file is damaged; download it again.`,
      );
    }
    let storage = storages.get(ref.key);
    if (!storage) {
      const reader = new ZipReader(file, entry);
      storage = { bytes: entry.bytes, read: (from, to, cancel) => reader.read(from, to, cancel) };
      storages.set(ref.key, storage);
    }
    return storage;
  };
  return torchCheckpoint(file.name, 'torch-zip', value, objects, storageOf);
}

/** torch writes one folder; a file zipped again by hand may lie deeper. */
function findPickle(file: string, entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  const found = [...entries.values()].filter((entry) => /(?:^|\/)data\.pkl$/.test(entry.name));
  const [only] = found;
  if (!only || found.length > 1) {
    const names = [...entries.keys()].slice(0, 5).join(', ') || 'nothing';
    throw new CheckpointError(
      `${file} is a zip with ${found.length} files data.pkl, expected 1 (it holds ${names}). It is no torch checkpoint; if one was zipped, unpack it.`,
    );
  }
  return only;
}

async function checkByteOrder(
  file: NamedBlob,
  entry: ZipEntry | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (!entry) return; // Files before torch 2.1 have no such record and are little-endian.
  const bytes = await new ZipReader(file, entry).read(0, Math.min(entry.bytes, 16), signal);
  const order = new TextDecoder().decode(bytes);
  if (order !== 'little') {
    throw new CheckpointError(
      `${file.name}: its byte order is "${order}", expected "little". Load and save it on a little-endian machine (any x86 or ARM).`,
    );
  }
}
