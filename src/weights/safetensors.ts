import { CheckpointError } from '../errors.ts';
import { type NamedBlob, readRange } from './blob.ts';
import { elementBytes, elementCount, isDType, shapeText } from './dtypes.ts';
import { type Json, parseJson } from './json.ts';
import { storedTensor } from './stored-tensor.ts';
import type { Checkpoint, DType, StoredTensor } from './types.ts';

/** The limit that the safetensors library itself sets. */
const MAX_HEADER_BYTES = 100_000_000;
const ADVICE = 'The file is damaged; download or convert it again.';

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes from the end of the header. */
  readonly start: number;
  readonly end: number;
}

/**
 * Opens a safetensors file: an 8-byte little-endian header length, a JSON header, the values.
 * @throws CheckpointError on anything that the format forbids: duplicate keys, unknown types, gaps,
 * overlaps, offsets outside the file, sizes that are not shape x type
 */
export async function openSafetensors(file: NamedBlob, signal?: AbortSignal): Promise<Checkpoint> {
  const prefix = await readRange(file, 0, 8, signal);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || 8 + length > file.blob.size) {
    throw new CheckpointError(
      `${file.name}: the safetensors header claims ${length} bytes; the file has ${file.blob.size} and the limit is ${MAX_HEADER_BYTES}. ${ADVICE}`,
    );
  }
  const header = parseHeader(file.name, await readRange(file, 8, 8 + length, signal));
  const metadata = readMetadata(file.name, header.get('__metadata__'));
  header.delete('__metadata__');
  const entries = Array.from(header, ([name, value]) => readEntry(file.name, name, value));
  checkLayout(file.name, entries, file.blob.size - 8 - length);

  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    const { name, start, end } = entry;
    const base = 8 + length;
    const read = (cancel?: AbortSignal) => readRange(file, base + start, base + end, cancel);
    tensors.set(name, storedTensor(name, entry, whereOf(file.name, name), read));
  }
  return { name: file.name, container: 'safetensors', tensors, metadata, warnings: [] };
}

const whereOf = (file: string, name: string) => `${file}: tensor "${name}"`;

function parseHeader(file: string, bytes: Uint8Array): Map<string, Json> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CheckpointError(`${file}: the safetensors header is not UTF-8. ${ADVICE}`);
  }
  const header = parseJson(text, `${file}: the safetensors header`);
  if (!(header instanceof Map)) {
    throw new CheckpointError(`${file}: the safetensors header is no JSON object. ${ADVICE}`);
  }
  return header;
}

function readMetadata(file: string, value: Json | undefined): Record<string, string> {
  const pairs: [string, string][] = [];
  if (value !== undefined && !(value instanceof Map)) {
    throw new CheckpointError(`${file}: __metadata__ is no JSON object. ${ADVICE}`);
  }
  for (const [key, text] of value ?? []) {
    if (typeof text !== 'string' || key === '__proto__') {
      throw new CheckpointError(`${file}: __metadata__ "${key}" is no plain text entry. ${ADVICE}`);
    }
    pairs.push([key, text]);
  }
  return Object.fromEntries(pairs);
}

function readEntry(file: string, name: string, value: Json): Entry {
  const where = whereOf(file, name);
  if (name === '__proto__') {
    throw new CheckpointError(`${where} has a name that no model uses and that attacks JavaScript readers.`);
  }
  const field = (key: string) => (value instanceof Map ? value.get(key) : undefined);
  const [dtype, shape, offsets] = [field('dtype'), numbers(field('shape')), numbers(field('data_offsets'))];
  if (typeof dtype !== 'string' || !shape || offsets?.length !== 2) {
    throw new CheckpointError(`${where} lacks a proper dtype, shape or data_offsets. ${ADVICE}`);
  }
  if (!isDType(dtype)) {
    throw new CheckpointError(
      `${where} has type "${dtype}"; known are ${Object.keys(elementBytes).join(', ')}. Convert it to F32 or F16.`,
    );
  }
  const count = elementCount(shape);
  const [start = -1, end = -1] = offsets;
  if (count === undefined || end - start !== count * elementBytes[dtype]) {
    throw new CheckpointError(
      `${where}: shape ${shapeText(shape)} of ${dtype} does not fill bytes ${start} to ${end}. ${ADVICE}`,
    );
  }
  return { name, dtype, shape, start, end };
}

function numbers(value: Json | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value.filter((item): item is number => Number.isSafeInteger(item));
  return list.length === value.length ? list : undefined;
}

/** The values must fill the rest of the file exactly, in any order, without gap or overlap. */
function checkLayout(file: string, entries: readonly Entry[], dataBytes: number): void {
  let position = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== position) {
      throw new CheckpointError(
        `${file}: tensor "${name}" starts at byte ${start} of the values, expected ${position}: ${start > position ? 'a gap' : 'an overlap'}. ${ADVICE}`,
      );
    }
    position = end;
  }
  if (position !== dataBytes) {
    const isWrapped = dataBytes < position && (position - dataBytes) % 2 ** 32 === 0;
    const advice = isWrapped
      ? "Node's openAsBlob takes sizes modulo 4 GiB: convert the file to f16."
      : dataBytes < position
        ? 'The file is truncated; download it again.'
        : ADVICE;
    throw new CheckpointError(
      `${file}: the tensors take ${position} bytes, but ${dataBytes} follow the header. ${advice}`,
    );
  }
}
