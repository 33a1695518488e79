import type { ModelConfig } from './config.ts';

/** What the reference fixes in its code (adapters.py; build_model.py of either family). */
const ADAPTER_WIDTH = 64;
const LORA_RANKS = { sam2: 8, sam: 32, mobile_sam: 32 } as const;

/**
 * What a person should know of a model in the reference's layout: what is not the original's, and what the reference
 * must be told to build.
 * @param zeros names of the tensors that are zeros
 * @param unfolded number of BatchNorms that were undone
 */
export function referenceNotes(config: ModelConfig, zeros: readonly string[], unfolded: number): string[] {
  const notes: string[] = [];
  if (zeros.length > 0) {
    const parts = new Set(zeros.map((name) => name.replace(/^(image_encoder\.\w+|[^.]+)\..*$/, '$1.*')));
    const what = config.family === 'sam2' ? 'video memory' : "the encoder's ImageNet classifier";
    notes.push(
      `${zeros.length} tensors of ${what} are zeros, since the source lacks them (${[...parts].join(', ')}); still images do not need them.`,
    );
  }
  if (unfolded > 0)
    notes.push(
      `${unfolded} BatchNorms had been folded into their convolutions and are the identity plus a bias; outputs in eval mode are the same.`,
    );
  const rank = LORA_RANKS[config.family];
  if (config.lora && config.lora.rank !== rank)
    notes.push(
      `LoRA has rank ${config.lora.rank}, the reference's code says ${rank}: set r there before loading.`,
    );
  if (config.adapters && config.adapters.hidden !== ADAPTER_WIDTH)
    notes.push(
      `Adapters are ${config.adapters.hidden} wide, the reference's code says ${ADAPTER_WIDTH}: change it there before loading.`,
    );
  const { objectScore } = config.decoder;
  if (config.family !== 'sam2' && objectScore !== 'linear') {
    const settings = objectScore === 'none' ? 'pred_obj_scores: false' : 'pred_obj_scores_mlp: true';
    notes.push(
      `The decoder's object score is "${objectScore}": the reference needs ${settings} in its configuration.`,
    );
  }
  return notes;
}
