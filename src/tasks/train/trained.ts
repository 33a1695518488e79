/** What learns: the prompt predictor with its queries, and more of SAM where that is wanted. */
export const TRAINED_PARTS = ['ppn', 'ppn+lora', 'ppn+lora+adapters'] as const;
export type TrainedParts = (typeof TRAINED_PARTS)[number];

/** A buffer of constants that the reference keeps among the weights. */
const CONSTANTS = /\.pos_encoding1d\.inv_freq$/;

/** What is trained with LoRA in the decoder (build_decoder.py: `trainable_modules` of the LoRA decoders). */
const DECODER =
  /^mask_decoder\.(?:.*\.lora_[ab]\.weight$|mask_tokens\.|obj_score_token\.|output_upscaling\.|output_hypernetworks_mlps\.|pred_obj_score_head\.)/;

/** Whether a tensor belongs to the learned prompts: a step without them has no gradient of it. */
export const isOfPredictor = (name: string): boolean => /^(?:prompt_predictor|queries)\./.test(name);

/** Whether a tensor of a checkpoint is trained, by its canonical name. */
export function trainedBy(parts: TrainedParts): (name: string) => boolean {
  return (name) => {
    if (isOfPredictor(name)) return !CONSTANTS.test(name);
    if (parts === 'ppn') return false;
    if (DECODER.test(name)) return true;
    return parts === 'ppn+lora+adapters' && /\.adapter\.lin[12]\./.test(name);
  };
}
