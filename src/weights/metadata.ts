import { CheckpointError } from '../errors.ts';
import type { WeightStorage } from '../gpu/kernel.ts';
import type { ModelConfig } from './config.ts';
import { type Json, parseJson } from './json.ts';

/** The format's name and version in the metadata of files that we write. */
export const FORMAT = 'sam2rad-webgpu';
export const VERSION = '1';

/** How pictures may be brought to the square. */
export const PREPROCESSES = ['sam', 'sam2', 'sam2rad'] as const;
export const isPreprocess = (value: unknown): value is ModelConfig['preprocess'] =>
  PREPROCESSES.some((one) => one === value);

/** What a converted file knows beyond its tensors. Everything else of its `config` is derived anew. */
export interface StoredConfig {
  readonly imageSize?: number;
  readonly preprocess?: ModelConfig['preprocess'];
  readonly version?: 'sam2' | 'sam2.1';
  readonly classNames?: readonly string[];
  /** The whole of it, which must not contradict the tensors. */
  readonly config?: ReadonlyMap<string, Json>;
  readonly storage?: WeightStorage;
}

/**
 * Reads the metadata of a file of our own; {} when it is another's.
 * @throws CheckpointError for a newer version, or a config that is no JSON or holds unknown values
 */
export function readMetadata(file: string, metadata: Readonly<Record<string, string>> = {}): StoredConfig {
  if (metadata['format'] !== FORMAT) return {};
  if (metadata['version'] !== VERSION) {
    throw new CheckpointError(
      `${file} has version "${metadata['version']}" of our format, expected "${VERSION}". Convert it again from the original, or update this package.`,
    );
  }
  const config = parseJson(metadata['config'] ?? '', `${file}: the config in its metadata`);
  const get = (key: string) => (config instanceof Map ? config.get(key) : undefined);
  const [imageSize, preprocess, version] = [get('imageSize'), get('preprocess'), get('version')];
  const classNames = get('classNames');
  const bad = (what: string) =>
    new CheckpointError(
      `${file}: the config in its metadata has ${what}. Convert it again from the original.`,
    );
  const storage = metadata['storage'];
  if (storage !== undefined && storage !== 'q8') throw bad(`the unknown storage '${storage}'`);
  if (typeof imageSize !== 'number') throw bad('no image size');
  if (!isPreprocess(preprocess)) throw bad('no known preprocess');
  if (version !== undefined && version !== 'sam2' && version !== 'sam2.1') throw bad('an unknown version');
  if (classNames !== undefined && !areClassNames(classNames))
    throw bad('class names that are no list of different texts of 1 to 64 characters');
  return {
    imageSize,
    preprocess,
    ...(version && { version }),
    ...(classNames && { classNames }),
    ...(config instanceof Map && { config }),
    ...(storage && { storage }),
  };
}

/** Whether classes may be called so: a list of different texts of 1 to 64 characters. */
export function areClassNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((name) => typeof name === 'string' && name.trim() !== '' && name.length <= 64)
  );
}

/** What tensors tell and metadata repeat. */
const REPEATED = ['family', 'size', 'datasets'] as const;

/**
 * Holds metadata against what the tensors say: a file of ours in which they differ was edited by hand.
 * @param derived the configuration, and the storage, that were read off the tensors
 * @throws CheckpointError naming what differs
 */
export function checkMetadata(
  file: string,
  stored: StoredConfig,
  derived: ModelConfig,
  storage: WeightStorage,
): void {
  const differs = (what: string, got: string, expected: string) =>
    new CheckpointError(
      `${file}: the config in its metadata says ${what} ${got}, its tensors say ${expected}. Convert it again from the original.`,
    );
  for (const key of REPEATED) {
    const said = stored.config?.get(key);
    if (said === undefined) continue;
    const [got, expected] = [textOf(said), JSON.stringify(derived[key])];
    if (got !== expected) throw differs(key, got, expected);
  }
  const { classNames } = stored;
  const classes = derived.datasets[0]?.classes ?? 0;
  if (classNames && classNames.length !== classes)
    throw differs('class names', classNames.join(', '), `${classes} classes`);
  if (stored.storage !== undefined && stored.storage !== storage)
    throw differs('storage', stored.storage, storage);
}

/** As JSON.stringify has it. */
function textOf(value: Json): string {
  if (value instanceof Map)
    return `{${Array.from(value, ([key, item]) => `${JSON.stringify(key)}:${textOf(item)}`).join()}}`;
  return Array.isArray(value) ? `[${value.map(textOf).join()}]` : JSON.stringify(value);
}
