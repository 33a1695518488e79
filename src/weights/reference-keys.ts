import type { ModelConfig } from './config.ts';

/** Of the module that the reference's Lightning module trains, and of the network in it. */
const TRAINED = 'model.';
const NETWORK = `${TRAINED}model.`;

/**
 * The keys under which the reference's `state_dict` holds a canonical tensor: one, or two for the prompt encoder, which
 * the prompt sampler and the prompt learner share. `canonicalName` is the inverse. Convolutions with a BatchNorm get
 * the name that they have here without one.
 */
export function referenceKeys(name: string, config: ModelConfig): readonly string[] {
  const [part, rest] = splitAt(name);
  switch (part) {
    case 'queries':
      return [`${TRAINED}learnable_prompts.${rest}`];
    case 'image_encoder':
      return [`${NETWORK}image_encoder.${encoderKey(name, rest, config)}`];
    case 'prompt_encoder':
      return ['prompt_learner.prompt_encoder', 'prompt_encoder'].map(
        (place) => `${NETWORK}prompt_sampler.${place}.${rest}`,
      );
    case 'prompt_predictor':
      return [`${NETWORK}prompt_sampler.prompt_learner.${learnerKey(rest, config)}`];
    case 'mask_decoder':
      return [
        `${NETWORK}${config.family === 'sam2' ? 'sam_' : ''}mask_decoder.net.${decoderKey(rest, config)}`,
      ];
    default:
      return [`${NETWORK}${name}`];
  }
}

/** Key of a tensor that we do not need, from the reference's network. */
export function unusedKey(name: string): string {
  return `${NETWORK}${name.replace(/^image_encoder\./, 'image_encoder.net.')}`;
}

function splitAt(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** @param rest `name` without "image_encoder." */
function encoderKey(name: string, rest: string, { encoder, adapters }: ModelConfig): string {
  const [, block = '', layer, part] = /^(.*)\.adapter\.lin([12])\.(weight|bias)$/.exec(name) ?? [];
  const index = adapters?.blocks.indexOf(block) ?? -1;
  if (index >= 0) return `adapters.${index}.adapters.${layer === '1' ? 0 : 2}.${part}`;
  // A plain ViT is its own image encoder; everything else lies in a wrapper.
  return encoder.kind === 'vit' && !adapters ? rest : `net.${rest}`;
}

/** The linear predictor is one block without a list around it. */
function learnerKey(rest: string, { ppn }: ModelConfig): string {
  if (ppn?.kind !== 'linear') return rest;
  return rest.replace(/^layers\.0\./, '').replace(/^pos_encoding1d\./, 'pos_encoding_1d.');
}

function decoderKey(rest: string, { family, lora }: ModelConfig): string {
  const mlp =
    family === 'sam2'
      ? rest
      : rest.replace(
          /^(transformer\.layers\.\d+\.mlp)\.layers\.([01])\./,
          (_, prefix: string, layer: string) => `${prefix}.lin${Number(layer) + 1}.`,
        );
  if (!lora) return mlp;
  return mlp
    .replace(/\.([qv]_proj)\.(weight|bias)$/, '.$1.proj.$2')
    .replace(/\.([qv]_proj)\.lora_([ab])\./, '.$1.w_$2.');
}
