import type { ModelConfig } from './config.ts';
import { findRoot } from './keys.ts';
import { ShapeList } from './shape-list.ts';
import type { Checkpoint, DType, StoredTensor } from './types.ts';

const DIM = 256;
/** Channels of a remembered frame. */
const MEMORY = 64;

/**
 * What the reference's `state_dict` holds and a still image does not need: SAM2's video memory, and the ImageNet
 * classifier of MobileSAM's encoder. Names as Meta's files have them.
 */
export function unusedTensors(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const list = new ShapeList();
  if (config.family === 'sam2') videoMemory(list);
  if (config.encoder.kind === 'tinyvit') {
    const width = config.encoder.embedDims.at(-1) ?? 0;
    list.norm('image_encoder.norm_head', width);
    list.linear('image_encoder.head', 1000, width);
  }
  return list.shapes;
}

function videoMemory(list: ShapeList): void {
  list.put('maskmem_tpos_enc', 7, 1, 1, MEMORY);
  list.put('no_mem_pos_enc', 1, 1, DIM);
  list.put('no_obj_ptr', 1, DIM);
  list.conv('mask_downsample', 1, 1, 4);
  for (let i = 0; i < 4; i++) memoryLayer(list, `memory_attention.layers.${i}`);
  list.norm('memory_attention.norm', DIM);
  memoryEncoder(list);
  for (let i = 0; i < 3; i++) list.linear(`obj_ptr_proj.layers.${i}`, DIM, DIM);
  // SAM2.1's own maps to 64 channels: the reference builds another and leaves it as it was drawn.
  list.linear('obj_ptr_tpos_proj', DIM, DIM);
}

function memoryLayer(list: ShapeList, layer: string): void {
  const attentions = [
    ['self_attn', DIM],
    ['cross_attn_image', MEMORY],
  ] as const;
  for (const [attention, keys] of attentions) {
    list.linear(`${layer}.${attention}.q_proj`, DIM, DIM);
    list.linear(`${layer}.${attention}.k_proj`, DIM, keys);
    list.linear(`${layer}.${attention}.v_proj`, DIM, keys);
    list.linear(`${layer}.${attention}.out_proj`, DIM, DIM);
  }
  list.linear(`${layer}.linear1`, 2048, DIM);
  list.linear(`${layer}.linear2`, DIM, 2048);
  for (const i of [1, 2, 3]) list.norm(`${layer}.norm${i}`, DIM);
}

function memoryEncoder(list: ShapeList): void {
  const masks = 'memory_encoder.mask_downsampler.encoder';
  // Each step halves the sides and takes four times the channels; norm and activation lie between.
  for (let i = 0; i < 4; i++) {
    list.conv(`${masks}.${3 * i}`, 4 ** (i + 1), 4 ** i, 3);
    list.norm(`${masks}.${3 * i + 1}`, 4 ** (i + 1));
  }
  list.conv(`${masks}.12`, DIM, DIM, 1);
  list.conv('memory_encoder.pix_feat_proj', DIM, DIM, 1);
  for (let i = 0; i < 2; i++) {
    const layer = `memory_encoder.fuser.layers.${i}`;
    list.put(`${layer}.gamma`, DIM);
    list.conv(`${layer}.dwconv`, DIM, 1, 7);
    list.norm(`${layer}.norm`, DIM);
    list.linear(`${layer}.pwconv1`, 4 * DIM, DIM);
    list.linear(`${layer}.pwconv2`, DIM, 4 * DIM);
  }
  list.conv('memory_encoder.out_proj', MEMORY, DIM, 1);
}

const FLOATS: ReadonlySet<DType> = new Set(['F64', 'F32', 'F16', 'BF16']);

/** Finds unused tensors in a checkpoint of Meta's layout or the reference's, by name and shape. */
export function unusedReader(
  checkpoint: Checkpoint,
): (name: string, shape: readonly number[]) => StoredTensor | undefined {
  const prefix = findRoot(checkpoint.tensors.keys())?.prefix;
  if (prefix === undefined) return () => undefined;
  return (name, shape) => {
    const wrapped = name.replace(/^image_encoder\./, 'image_encoder.net.');
    const tensor = checkpoint.tensors.get(prefix + name) ?? checkpoint.tensors.get(prefix + wrapped);
    return tensor && FLOATS.has(tensor.dtype) && tensor.shape.join() === shape.join() ? tensor : undefined;
  };
}
