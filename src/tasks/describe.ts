import type { WeightStorage } from '../gpu/kernel.ts';
import type { GraphTraits } from '../graph/graph.ts';
import type { ModelConfig } from '../weights/config.ts';
import { loadDecoder } from './decoders.ts';
import { loadEncoder } from './encoders.ts';
import {
  type DecodeSpec,
  recordDecoder,
  recordEncoder,
  recordImageTerms,
  recordPromptPredictor,
  type StageContext,
  standardRecordings,
} from './recordings.ts';
import { costOf } from './stages.ts';

/** What one stage costs: a multiply-add counts as two operations. */
export interface StageCost {
  readonly dispatches: number;
  readonly flops: number;
  /** Bytes of all operands of all dispatches. */
  readonly traffic: number;
}

export interface StorageCost {
  readonly weightBytes: number;
  readonly gpuBytes: number;
}

/** What a model will take, read off the very recordings that run. */
export interface ModelCost {
  readonly encode: StageCost;
  /** The prompt predictor and the decoder for all classes; null without a predictor. */
  readonly auto: StageCost | null;
  /** A box in manual mode. */
  readonly click: StageCost;
  /** Bytes on the GPU in the storage of the traits, f32 unless given. */
  readonly weightBytes: number;
  /** By storage: bytes of the weights, and with the activations of all stages. */
  readonly storages: Readonly<Record<WeightStorage, StorageCost>>;
  /** Activations of all stages with shared buffers, and what they would take without. */
  readonly peakBytes: number;
  readonly unsharedBytes: number;
  readonly largestBindingBytes: number;
}

/**
 * Plans a model without a device.
 * @throws UnsupportedError for an encoder that this version cannot run
 */
export async function describeModel(
  config: ModelConfig,
  traits: GraphTraits = { subgroups: false, cpu: false },
): Promise<ModelCost> {
  const context: StageContext = {
    config,
    encoder: await loadEncoder(config),
    decoder: await loadDecoder(config, traits),
    traits,
  };
  const [dataset] = config.ppn ? config.datasets : [];
  const tokens = dataset?.tokens ?? 0;
  const box: DecodeSpec = {
    points: config.preprocess === 'sam2' ? 3 : 2,
    mask: false,
    classes: [],
    choice: 'single',
  };
  const classes = Array.from({ length: dataset?.classes ?? 0 }, (_, index) => index);
  const stage = (...recordings: Parameters<typeof costOf>[0]): StageCost => {
    const { dispatches, flops, bytes } = costOf(recordings);
    return { dispatches, flops, traffic: bytes };
  };
  const all = costOf(standardRecordings(context));
  const stored = (storage: WeightStorage): StorageCost => {
    const { weights, peak } = costOf(standardRecordings({ ...context, traits: { ...traits, storage } }));
    return { weightBytes: weights, gpuBytes: weights + peak };
  };
  return {
    encode: stage(recordEncoder(context), recordImageTerms(context)),
    auto: dataset
      ? stage(
          recordPromptPredictor(context, dataset),
          recordDecoder(context, { points: 0, mask: false, classes, choice: 'single' }, tokens),
        )
      : null,
    click: stage(recordDecoder(context, box, tokens)),
    weightBytes: all.weights,
    storages: { f32: stored('f32'), f16: stored('f16'), q8: stored('q8') },
    peakBytes: all.peak,
    unsharedBytes: all.unshared,
    largestBindingBytes: all.largestBinding,
  };
}
