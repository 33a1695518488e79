import type { ModelConfig } from './config.ts';
import { littleEndian } from './dtypes.ts';
import type { StoredTensor } from './types.ts';
import { resizeAbsolute, resizeRelative } from './vit-tables.ts';

const PATCH = 16;

/** The configuration that the reference builds for the model's image size: a ViT's position table has S/16 rows there. */
export function referenceConfig(config: ModelConfig): ModelConfig {
  if (config.encoder.kind !== 'vit') return config;
  return { ...config, encoder: { ...config.encoder, tableSize: config.imageSize / PATCH } };
}

/**
 * A canonical tensor in the shape that the reference has it in. That is another for a ViT's position tables alone, at
 * other image sizes than the file's: they are resized as this engine does when it loads them.
 * @param config of the canonical model
 */
export function fitted(tensor: StoredTensor, config: ModelConfig): StoredTensor {
  const { encoder, imageSize } = config;
  if (encoder.kind !== 'vit') return tensor;
  const side = imageSize / PATCH;
  const resized = (
    shape: readonly number[],
    resize: (values: Float32Array) => Float32Array,
  ): StoredTensor => {
    if (shape.join() === tensor.shape.join()) return tensor;
    const readF32 = async (signal?: AbortSignal) => resize(await tensor.readF32(signal));
    const read = async (signal?: AbortSignal) => littleEndian(await readF32(signal));
    return { name: tensor.name, dtype: 'F32', shape, read, readF32 };
  };
  if (tensor.name === 'image_encoder.pos_embed') {
    const { embedDim, tableSize } = encoder;
    return resized([1, side, side, embedDim], (values) => resizeAbsolute(values, tableSize, side, embedDim));
  }
  const block = /^image_encoder\.blocks\.(\d+)\.attn\.rel_pos_[hw]$/.exec(tensor.name)?.[1];
  if (block === undefined || !encoder.globalBlocks.includes(Number(block))) return tensor;
  const [stored = 0, channels = 0] = tensor.shape;
  const rows = 2 * side - 1;
  return resized([rows, channels], (values) => resizeRelative(values, stored, rows, channels));
}
