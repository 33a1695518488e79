/** Every model that the engine runs, as a config: from the tables of published checkpoints and the goldens' weights. */
import type { GraphTraits, Recording } from '../../src/graph/graph.ts';
import { loadEncoder } from '../../src/tasks/encoders.ts';
import {
  recordDecoder,
  recordMasks,
  recordPreprocess,
  type StageContext,
  standardRecordings,
} from '../../src/tasks/recordings.ts';
import type { ModelConfig } from '../../src/weights/config.ts';
import { detectModel } from '../../src/weights/detect.ts';
import { fixtureJson } from '../weights/fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from '../weights/generated-weights.ts';

const FILES = {
  nano: 'goldens/nano-sam2.weights',
  tiny: 'tables/sam2.1_hiera_t',
  small: 'tables/sam2.1_hiera_s',
  'base+': 'tables/sam2.1_hiera_b+',
  large: 'tables/sam2.1_hiera_l',
  'Sam2Rad nano': 'goldens/nano-sam2rad.weights',
  'Sam2Rad tiny': 'goldens/sam2rad-hiera-t.weights',
  'Sam2Rad small': 'tables/sam2rad-sam2_small_hiera',
  'Sam2Rad nano with adapters and LoRA': 'goldens/nano-sam2rad-adapter-lora.weights',
  'ViT-B': 'tables/sam_vit_b',
  'ViT-L': 'tables/sam_vit_l',
  'ViT-H': 'tables/sam_vit_h',
  MobileSAM: 'tables/mobile_sam',
  'Sam2Rad ViT-B': 'goldens/sam2rad-vit-b.weights',
  'Sam2Rad MobileSAM': 'goldens/sam2rad-vit-tiny.weights',
} as const;

export type ModelName = keyof typeof FILES;
export const MODELS = Object.keys(FILES) as ModelName[];

export function configOf(model: ModelName): ModelConfig {
  const weights = fixtureJson<WeightsJson>(`${FILES[model]}.json`);
  return detectModel(generatedCheckpoint(weights).tensors).config;
}

const encoders = new Map(
  await Promise.all(MODELS.map(async (model) => [model, await loadEncoder(configOf(model))] as const)),
);

/** What records this model's stages. */
export function contextOf(model: ModelName, traits: GraphTraits): StageContext {
  const encoder = encoders.get(model);
  if (!encoder) throw new Error(`${model} has no encoder`);
  return { config: configOf(model), encoder, traits };
}

export const PLAIN: GraphTraits = { cpu: false, subgroups: false };
/** Everything that a recording may depend on besides shapes. */
export const ALL_TRAITS: readonly GraphTraits[] = [false, true].flatMap((cpu) =>
  [false, true].map((subgroups) => ({ cpu, subgroups })),
);

/** Weights in 16 and 8 bits, on a GPU and on a software adapter. */
export const STORED_TRAITS: readonly GraphTraits[] = (['f16', 'q8'] as const).flatMap((storage) =>
  [false, true].map((software) => ({ cpu: software, subgroups: software, storage })),
);

/** Products in f16, which need a feature, on a GPU and on a software adapter without subgroups. */
export const HALF_TRAITS: readonly GraphTraits[] = [false, true].map((cpu) => ({
  cpu,
  subgroups: false,
  storage: 'f16',
  compute: 'f16',
}));

/** The standard recordings, and prompts of every length that a kernel's tuning tells apart. */
export function promptRecordings(context: StageContext): Recording[] {
  const tokens = context.config.datasets[0]?.tokens ?? 0;
  const clicks = [1, 2, 24, 40].flatMap((points) =>
    (['single', 'multi', 'stable'] as const).map((choice) =>
      recordDecoder(context, { points, mask: points === 2, classes: [], choice }, tokens),
    ),
  );
  return [...standardRecordings(context), ...clicks];
}

/** Pictures of every way to resize: up, down, one side; and, where asked, the most pixels that are taken. */
const PICTURES = [
  [64, 48],
  [300, 1500],
  [2048, 1024],
] as const;
const HUGE = [
  [8192, 4096],
  [65_535, 512],
  [512, 65_535],
] as const;

/** Picture to square and logits to picture: they depend on the model's size and family, and on no trait. */
export function pictureRecordings(context: StageContext, huge = false): Recording[] {
  return [...PICTURES, ...(huge ? HUGE : [])].flatMap(([width, height]) => [
    recordPreprocess(context, width, height),
    recordMasks(context, { width, height, answers: 3, scored: true, logits: true, classMap: true }),
    recordMasks(context, { width, height, answers: 1, scored: false, logits: false, classMap: false }),
  ]);
}
