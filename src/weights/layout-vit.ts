import type { ModelSize, TinyViTConfig, ViTConfig } from './config.ts';
import type { ShapeList } from './shape-list.ts';

interface ViTSize {
  readonly size: ModelSize;
  readonly config: ViTConfig;
}

function vit(
  size: ModelSize,
  embedDim: number,
  depth: number,
  numHeads: number,
  globalBlocks: number[],
): ViTSize {
  return {
    size,
    config: { kind: 'vit', embedDim, depth, numHeads, globalBlocks, window: 14, tableSize: 64 },
  };
}

const sizes: readonly ViTSize[] = [
  vit('vit_b', 768, 12, 12, [2, 5, 8, 11]),
  vit('vit_l', 1024, 24, 16, [5, 11, 17, 23]),
  vit('vit_h', 1280, 32, 16, [7, 15, 23, 31]),
];

/** The known ViT that is nearest in width, with the position table's side as the file has it. */
export function nearestViT(embedDim: number, tableSize: number): ViTSize {
  const distance = ({ config }: ViTSize) => Math.abs(config.embedDim - embedDim);
  const { size, config } = sizes.reduce((best, next) => (distance(next) < distance(best) ? next : best));
  return { size, config: { ...config, tableSize } };
}

/**
 * @param tableLength rows of a relative position table as the file has them, or undefined. Global blocks may
 * have tables of any odd length: get_rel_pos resizes them.
 */
export function vitTensors(
  list: ShapeList,
  config: ViTConfig,
  tableLength: (name: string) => number | undefined,
): void {
  const { embedDim, depth, numHeads, tableSize } = config;
  const root = 'image_encoder';
  list.put(`${root}.pos_embed`, 1, tableSize, tableSize, embedDim);
  list.conv(`${root}.patch_embed.proj`, embedDim, 3, 16);
  for (let i = 0; i < depth; i++) {
    const block = `${root}.blocks.${i}`;
    list.norm(`${block}.norm1`, embedDim);
    for (const axis of ['h', 'w']) {
      const name = `${block}.attn.rel_pos_${axis}`;
      const found = tableLength(name) ?? 0;
      const side = config.globalBlocks.includes(i) ? tableSize : config.window;
      const rows = config.globalBlocks.includes(i) && found % 2 === 1 ? found : 2 * side - 1;
      list.put(name, rows, embedDim / numHeads);
    }
    list.linear(`${block}.attn.qkv`, 3 * embedDim, embedDim);
    list.linear(`${block}.attn.proj`, embedDim, embedDim);
    list.norm(`${block}.norm2`, embedDim);
    list.linear(`${block}.mlp.lin1`, 4 * embedDim, embedDim);
    list.linear(`${block}.mlp.lin2`, embedDim, 4 * embedDim);
  }
  neck(list, embedDim);
}

/** SAM's neck: 1x1 and 3x3 convolutions without bias, each with a LayerNorm2d. */
function neck(list: ShapeList, channels: number): void {
  list.put('image_encoder.neck.0.weight', 256, channels, 1, 1);
  list.norm('image_encoder.neck.1', 256);
  list.put('image_encoder.neck.2.weight', 256, 256, 3, 3);
  list.norm('image_encoder.neck.3', 256);
}

/** MobileSAM's TinyViT, the only one. */
export const tinyViT: TinyViTConfig = {
  kind: 'tinyvit',
  embedDims: [64, 128, 160, 320],
  depths: [2, 2, 6, 2],
  numHeads: [2, 4, 5, 10],
  windows: [7, 7, 14, 7],
};

/** Shapes after each BatchNorm has been folded into its convolution. */
export function tinyViTTensors(list: ShapeList, config: TinyViTConfig): void {
  const root = 'image_encoder';
  const [first = 0] = config.embedDims;
  list.conv(`${root}.patch_embed.seq.0`, first / 2, 3, 3);
  list.conv(`${root}.patch_embed.seq.2`, first, first / 2, 3);
  for (const [l, dim] of config.embedDims.entries()) {
    for (let b = 0; b < (config.depths[l] ?? 0); b++) {
      const block = `${root}.layers.${l}.blocks.${b}`;
      if (l === 0) {
        list.conv(`${block}.conv1`, 4 * dim, dim, 1);
        list.conv(`${block}.conv2`, 4 * dim, 1, 3);
        list.conv(`${block}.conv3`, dim, 4 * dim, 1);
      } else {
        list.put(`${block}.attn.attention_biases`, config.numHeads[l] ?? 0, (config.windows[l] ?? 0) ** 2);
        list.norm(`${block}.attn.norm`, dim);
        list.linear(`${block}.attn.qkv`, 3 * dim, dim);
        list.linear(`${block}.attn.proj`, dim, dim);
        list.norm(`${block}.mlp.norm`, dim);
        list.linear(`${block}.mlp.fc1`, 4 * dim, dim);
        list.linear(`${block}.mlp.fc2`, dim, 4 * dim);
        list.conv(`${block}.local_conv`, dim, 1, 3);
      }
    }
    const next = config.embedDims[l + 1];
    if (next !== undefined) {
      list.conv(`${root}.layers.${l}.downsample.conv1`, next, dim, 1);
      list.conv(`${root}.layers.${l}.downsample.conv2`, next, 1, 3);
      list.conv(`${root}.layers.${l}.downsample.conv3`, next, next, 1);
    }
  }
  neck(list, config.embedDims.at(-1) ?? 0);
}
