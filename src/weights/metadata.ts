import { CheckpointError } from '../errors.ts';
import type { ModelConfig } from './config.ts';
import { parseJson } from './json.ts';

/** The format's name and version in the metadata of files that we write. */
export const FORMAT = 'sam2rad-webgpu';
export const VERSION = '1';

/** What a converted file knows beyond its tensors. Everything else of its `config` is derived anew. */
export interface StoredConfig {
  readonly imageSize?: number;
  readonly preprocess?: ModelConfig['preprocess'];
  readonly version?: 'sam2' | 'sam2.1';
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
  const bad = (what: string) =>
    new CheckpointError(
      `${file}: the config in its metadata has ${what}. Convert it again from the original.`,
    );
  const storage = metadata['storage'];
  if (storage !== undefined && storage !== 'q8') throw bad(`the unknown storage '${storage}'`);
  if (typeof imageSize !== 'number') throw bad('no image size');
  if (preprocess !== 'sam' && preprocess !== 'sam2' && preprocess !== 'sam2rad')
    throw bad('no known preprocess');
  if (version !== undefined && version !== 'sam2' && version !== 'sam2.1') throw bad('an unknown version');
  return { imageSize, preprocess, ...(version && { version }) };
}
