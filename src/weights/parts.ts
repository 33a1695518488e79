import { adaptedBlocks, type Candidate } from './canonical.ts';
import {
  type DatasetConfig,
  type DecoderConfig,
  type EncoderConfig,
  LEAST_TOKENS,
  MOST_CLASSES,
  MOST_RANK,
  MOST_TOKENS,
  MOST_WIDTH,
  type ModelConfig,
  type ModelSize,
  type PromptPredictorConfig,
} from './config.ts';
import {
  loraTensors,
  maskDecoderTensors,
  promptEncoderTensors,
  promptPredictorTensors,
} from './layout-decoder.ts';
import { hieraBlockDims, hieraTensors, nearestHiera } from './layout-hiera.ts';
import { nearestViT, tinyViT, tinyViTTensors, vitTensors } from './layout-vit.ts';
import { ShapeList } from './shape-list.ts';

type Candidates = ReadonlyMap<string, Candidate>;

/** What the tensors alone say of a model; image size, preprocessing and version come from elsewhere too. */
export type Parts = Omit<ModelConfig, 'imageSize' | 'preprocess' | 'version'> & {
  readonly imageSize: number;
};

const side = (candidates: Candidates, name: string, axis: number) => candidates.get(name)?.shape[axis] ?? 0;

/** One past the largest number in the names that `pattern` matches. */
function countOf(candidates: Candidates, pattern: RegExp): number {
  let count = 0;
  for (const name of candidates.keys()) {
    const index = pattern.exec(name)?.[1];
    if (index !== undefined) count = Math.max(count, Number(index) + 1);
  }
  return count;
}

interface Encoder {
  readonly family: ModelConfig['family'];
  readonly size: ModelSize;
  readonly imageSize: number;
  readonly encoder: EncoderConfig;
}

function readEncoder(candidates: Candidates): Encoder | undefined {
  const starts = (prefix: string) => [...candidates.keys()].some((name) => name.startsWith(prefix));
  if (starts('image_encoder.trunk.')) {
    const width = side(candidates, 'image_encoder.trunk.patch_embed.proj.weight', 0);
    const fallback = side(candidates, 'image_encoder.trunk.pos_embed', 1);
    const depth = countOf(candidates, /^image_encoder\.trunk\.blocks\.(\d+)\./);
    const { size, imageSize, config } = nearestHiera(width || fallback, depth);
    return { family: 'sam2', size, imageSize, encoder: config };
  }
  if (starts('image_encoder.blocks.')) {
    const width = side(candidates, 'image_encoder.patch_embed.proj.weight', 0);
    const table = side(candidates, 'image_encoder.pos_embed', 1) || 64;
    const { size, config } = nearestViT(width || side(candidates, 'image_encoder.pos_embed', 3), table);
    return { family: 'sam', size, imageSize: 16 * table, encoder: config };
  }
  if (starts('image_encoder.layers.')) {
    return { family: 'mobile_sam', size: 'vit_t', imageSize: 1024, encoder: tinyViT };
  }
  return undefined;
}

function readDecoder(candidates: Candidates, family: ModelConfig['family']): DecoderConfig {
  const isSam2 = family === 'sam2';
  const head = 'mask_decoder.pred_obj_score_head';
  const isLinear = candidates.has(`${head}.weight`);
  const isMlp = candidates.has(`${head}.layers.0.weight`) || isSam2;
  return {
    objectScore: isLinear ? 'linear' : isMlp ? 'mlp' : 'none',
    iouSigmoid: isSam2,
    highResolution: isSam2,
  };
}

function readPredictor(candidates: Candidates, encoder: EncoderConfig): ModelConfig['ppn'] {
  const isThere = [...candidates.keys()].some((name) => /^(?:prompt_predictor|queries)\./.test(name));
  if (!isThere) return undefined;
  const adapters = countOf(candidates, /^prompt_predictor\.channel_adapters\.(\d+)\./);
  const layers = countOf(candidates, /^prompt_predictor\.layers\.(\d+)\./);
  if (adapters === 0 && layers === 1) return { kind: 'linear', channels: [256], maskScale: 4 };
  return highResPredictor(encoder);
}

/** The high-resolution prompt predictor that belongs to an encoder. */
export function highResPredictor(encoder: EncoderConfig): PromptPredictorConfig {
  if (encoder.kind === 'hiera') return { kind: 'high-res', channels: [256, 64, 32], maskScale: 1 };
  const width = encoder.kind === 'vit' ? encoder.embedDim : (encoder.embedDims.at(-1) ?? 0);
  return { kind: 'high-res', channels: [256, width, width], maskScale: 4 };
}

/** Channels at the entry of an adapted block. */
export function blockWidth(block: string, encoder: EncoderConfig): number {
  if (encoder.kind === 'vit') return encoder.embedDim;
  const [index = 0] = block.match(/\d+/g)?.map(Number) ?? [];
  if (encoder.kind === 'hiera') return hieraBlockDims(encoder)[index]?.input ?? 0;
  return encoder.embedDims[index] ?? 0;
}

/** Reads the configuration of each part; undefined when there is no image encoder that we know. */
export function readParts(candidates: Candidates): Parts | undefined {
  const found = readEncoder(candidates);
  if (!found) return undefined;
  const ppn = readPredictor(candidates, found.encoder);
  const datasets: DatasetConfig[] = [];
  for (const [name, { shape }] of candidates) {
    if (!name.startsWith('queries.')) continue;
    const [classes = 0, tokens = 0] = shape;
    datasets.push({ name: name.slice('queries.'.length), classes, tokens });
  }
  const hidden = [...candidates].find(([name]) => name.endsWith('.adapter.lin1.weight'))?.[1].shape[0];
  const rank = [...candidates].find(([name]) => name.endsWith('.lora_a.weight'))?.[1].shape[0];
  return {
    ...found,
    decoder: readDecoder(candidates, found.family),
    ...(ppn && { ppn }),
    datasets,
    ...(hidden !== undefined && { adapters: { hidden, blocks: adaptedBlocks(candidates) } }),
    ...(rank !== undefined && { lora: { rank } }),
  };
}

const within = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** Every tensor that a model of these parts has, in canonical order. A size that is out of range becomes the nearest that is not. */
export function expectedTensors(parts: Parts, candidates: Candidates): Map<string, readonly number[]> {
  const list = new ShapeList();
  const { encoder } = parts;
  if (encoder.kind === 'hiera') hieraTensors(list, encoder);
  else if (encoder.kind === 'vit') vitTensors(list, encoder, (name) => candidates.get(name)?.shape[0]);
  else tinyViTTensors(list, encoder);
  if (parts.family === 'sam2') list.put('no_mem_embed', 1, 1, 256);
  const hidden = within(4 * Math.ceil((parts.adapters?.hidden ?? 0) / 4), 4, MOST_WIDTH);
  for (const block of parts.adapters?.blocks ?? []) {
    const width = blockWidth(block, encoder);
    list.linear(`${block}.adapter.lin1`, hidden, width);
    list.linear(`${block}.adapter.lin2`, width, hidden);
  }
  promptEncoderTensors(list);
  maskDecoderTensors(list, parts.decoder);
  if (parts.lora) loraTensors(list, within(parts.lora.rank, 1, MOST_RANK));
  if (parts.ppn) {
    promptPredictorTensors(list, parts.ppn);
    for (const { name, classes, tokens } of parts.datasets) {
      const count = within(tokens, LEAST_TOKENS, MOST_TOKENS);
      list.put(`queries.${name}`, within(classes, 1, MOST_CLASSES), count, 256);
    }
    if (parts.datasets.length === 0) list.put('queries.<dataset>', 1, 10, 256);
  }
  return list.shapes;
}
