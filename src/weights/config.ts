/** What the models need to know beside the tensors; `detectModel` fills it in. */

/** SAM2's image encoder: a Hiera trunk with an FPN neck. Lists hold one entry a stage. */
export interface HieraConfig {
  readonly kind: 'hiera';
  /** Channels of the first stage. */
  readonly embedDim: number;
  /** Heads of the first stage. */
  readonly numHeads: number;
  /** Blocks in each stage. */
  readonly stages: readonly number[];
  /** Window side in tokens of each stage; its first block still uses the previous stage's. */
  readonly windows: readonly number[];
  /** Blocks (counted over the whole trunk) with global attention. */
  readonly globalBlocks: readonly number[];
  /** Height and width of the background position table. */
  readonly backgroundSize: readonly [number, number];
  /** Channels of each stage: embedDim doubled at each. */
  readonly dims: readonly number[];
  /** Heads of each stage: numHeads doubled at each. */
  readonly heads: readonly number[];
}

/** SAM's image encoder: a plain ViT, patch 16, with relative positions. */
export interface ViTConfig {
  readonly kind: 'vit';
  readonly embedDim: number;
  readonly depth: number;
  readonly numHeads: number;
  /** Blocks with global attention; the others use windows. */
  readonly globalBlocks: readonly number[];
  /** Window side in tokens. */
  readonly window: number;
  /** Side of the absolute position table in tokens (64 at 1024); resize it for other image sizes. */
  readonly tableSize: number;
}

/** MobileSAM's image encoder. Lists hold one entry a layer. BatchNorms are folded into the convs. */
export interface TinyViTConfig {
  readonly kind: 'tinyvit';
  readonly embedDims: readonly number[];
  readonly depths: readonly number[];
  readonly numHeads: readonly number[];
  /** Window side in tokens; the first layer (convs) has none in effect. */
  readonly windows: readonly number[];
}

export type EncoderConfig = HieraConfig | ViTConfig | TinyViTConfig;

export interface DecoderConfig {
  /** The head that says whether there is anything to segment: none, Linear 256-1, or a 3-layer MLP. */
  readonly objectScore: 'none' | 'linear' | 'mlp';
  /** Whether the IoU estimate passes a sigmoid (SAM2). */
  readonly iouSigmoid: boolean;
  /** Whether conv_s0 and conv_s1 feed high-resolution features into the upscaling (SAM2). */
  readonly highResolution: boolean;
}

export interface PromptPredictorConfig {
  readonly kind: 'high-res' | 'linear';
  /** Channels of the maps it attends to, coarsest first; 256 needs no adapter. One entry when linear. */
  readonly channels: readonly number[];
  /** Upsampling of the mask head's output to S/4. */
  readonly maskScale: 1 | 4;
}

/** As many as a byte of a class map numbers. */
export const MOST_CLASSES = 255;
/** Two tokens of a class are its box, and one at least says something beside it. */
export const LEAST_TOKENS = 3;
/** Each costs a token in every attention of the decoder, as a click does, of which there may be as many. */
export const MOST_TOKENS = 512;
/** LoRA is of low rank, the reference's of 32; it is merged when loaded, so that any rank runs. */
export const MOST_RANK = 256;
/** Of adapters, which are narrower than what they adapt, the reference's 64: the kernels read fours. */
export const MOST_WIDTH = 2048;

/** One set of learned queries, `queries.<name>` of shape [classes, tokens, 256]. */
export interface DatasetConfig {
  readonly name: string;
  readonly classes: number;
  readonly tokens: number;
}

/** What the learned classes are called, in order: their names where the file has them, else `<dataset> <number>`. */
export function classNamesOf({ ppn, datasets: [dataset], classNames }: ModelConfig): readonly string[] {
  if (!ppn || !dataset) return [];
  return classNames ?? Array.from({ length: dataset.classes }, (_, i) => `${dataset.name} ${i + 1}`);
}

export type ModelSize = 'nano' | 'tiny' | 'small' | 'base+' | 'large' | 'vit_b' | 'vit_l' | 'vit_h' | 'vit_t';

export interface ModelConfig {
  readonly family: 'sam2' | 'sam' | 'mobile_sam';
  readonly size: ModelSize;
  /** Which SAM2 training run; the computation on single images is the same. SAM2 family only. */
  readonly version?: 'sam2' | 'sam2.1';
  /** S: side of the square input in pixels, a multiple of 64 in 256..2048. */
  readonly imageSize: number;
  /**
   * How pictures are brought to S x S. sam: the longer side to S, antialiased in 8 bits as Pillow does, then padded.
   * sam2: both sides to S, antialiased. sam2rad: the longer side to S without antialiasing, then padded.
   */
  readonly preprocess: 'sam' | 'sam2' | 'sam2rad';
  readonly encoder: EncoderConfig;
  readonly decoder: DecoderConfig;
  /** Present when the file holds a prompt predictor. */
  readonly ppn?: PromptPredictorConfig;
  readonly datasets: readonly DatasetConfig[];
  /** What the classes of the first dataset are called, in order; only a file that was trained here knows. */
  readonly classNames?: readonly string[];
  /**
   * Residual adapters before encoder blocks: `blocks` are canonical prefixes such as
   * `image_encoder.trunk.blocks.3`; the tensors are `<block>.adapter.lin1|lin2.weight|bias`.
   */
  readonly adapters?: { readonly hidden: number; readonly blocks: readonly string[] };
  /** Low-rank terms on the decoder's q and v: `<projection>.lora_a|lora_b.weight` beside `<projection>.weight`. */
  readonly lora?: { readonly rank: number };
}
