import type { HieraConfig, ModelSize } from './config.ts';
import type { ShapeList } from './shape-list.ts';

interface HieraSize {
  readonly size: ModelSize;
  /** Default side of the input in pixels. */
  readonly imageSize: number;
  readonly config: HieraConfig;
}

function hiera(
  size: ModelSize,
  imageSize: number,
  embedDim: number,
  numHeads: number,
  stages: readonly number[],
  windows: readonly number[],
  globalBlocks: readonly number[],
  background: number,
): HieraSize {
  const doubled = (first: number) => stages.map((_, stage) => first * 2 ** stage);
  return {
    size,
    imageSize,
    config: {
      kind: 'hiera',
      embedDim,
      numHeads,
      stages,
      windows,
      globalBlocks,
      backgroundSize: [background, background],
      dims: doubled(embedDim),
      heads: doubled(numHeads),
    },
  };
}

/** system.md's table. Heads, windows and global blocks leave no trace in the tensors. */
const sizes: readonly HieraSize[] = [
  hiera('nano', 256, 32, 1, [1, 2, 4, 1], [8, 4, 8, 4], [4, 6], 7),
  hiera('tiny', 1024, 96, 1, [1, 2, 7, 2], [8, 4, 14, 7], [5, 7, 9], 7),
  hiera('small', 1024, 96, 1, [1, 2, 11, 2], [8, 4, 14, 7], [7, 10, 13], 7),
  hiera('base+', 1024, 112, 2, [2, 3, 16, 3], [8, 4, 14, 7], [12, 16, 20], 14),
  hiera('large', 1024, 144, 2, [2, 6, 36, 4], [8, 4, 16, 8], [23, 33, 43], 7),
];

/** The known size that is nearest in width, then in depth. */
export function nearestHiera(embedDim: number, blocks: number): HieraSize {
  const distance = ({ config }: HieraSize) =>
    Math.abs(config.embedDim - embedDim) * 1000 + Math.abs(blockCount(config) - blocks);
  return sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

const blockCount = (config: HieraConfig) => config.stages.reduce((sum, blocks) => sum + blocks, 0);

/** Channels that enter each block and that leave it; they differ at the first block of a later stage. */
export function hieraBlockDims(config: HieraConfig): { readonly input: number; readonly output: number }[] {
  return config.stages.flatMap((blocks, stage) => {
    const output = config.dims[stage] ?? 0;
    const before = config.dims[Math.max(stage - 1, 0)] ?? 0;
    return Array.from({ length: blocks }, (_, block) => ({ input: block === 0 ? before : output, output }));
  });
}

export function hieraTensors(list: ShapeList, config: HieraConfig): void {
  const { embedDim, backgroundSize, windows, dims } = config;
  const trunk = 'image_encoder.trunk';
  const window = windows[0] ?? 0;
  list.put(`${trunk}.pos_embed`, 1, embedDim, ...backgroundSize);
  list.put(`${trunk}.pos_embed_window`, 1, embedDim, window, window);
  list.conv(`${trunk}.patch_embed.proj`, embedDim, 3, 7);
  for (const [i, { input, output }] of hieraBlockDims(config).entries()) {
    const block = `${trunk}.blocks.${i}`;
    list.norm(`${block}.norm1`, input);
    list.linear(`${block}.attn.qkv`, 3 * output, input);
    list.linear(`${block}.attn.proj`, output, output);
    list.norm(`${block}.norm2`, output);
    list.linear(`${block}.mlp.layers.0`, 4 * output, output);
    list.linear(`${block}.mlp.layers.1`, output, 4 * output);
    if (input !== output) list.linear(`${block}.proj`, output, input);
  }
  for (const [i, channels] of [...dims].reverse().entries()) {
    list.conv(`image_encoder.neck.convs.${i}.conv`, 256, channels, 1);
  }
}
