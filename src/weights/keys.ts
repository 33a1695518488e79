/** From the keys of the layouts that are about to our canonical names. Names only; shapes come later. */

/** Where a model's keys start, and where its learned queries lie. */
export interface Root {
  /** Prefix of the keys of the model: "", "model.", "state_dict.model.model.", ... */
  readonly prefix: string;
  /** Prefix of the learned queries' names, or undefined. */
  readonly queries: string | undefined;
  /** Prefix of another model that may be meant as well. */
  readonly rival: string | undefined;
}

const ENCODER = /(?:^|\.)image_encoder\./;
/** Copies that trainers keep beside the weights that count. */
const COPIES = /(?:^|[._])(?:ema|optimizer|teacher|momentum)/;

/** Finds the prefix before `image_encoder.`; undefined when no key has that part. */
export function findRoot(keys: Iterable<string>): Root | undefined {
  const counts = new Map<string, number>();
  const all = [...keys];
  for (const key of all) {
    const found = ENCODER.exec(key);
    if (!found) continue;
    const prefix = key.slice(0, found.index + (found[0].startsWith('.') ? 1 : 0));
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  // The originals before their copies, then state_dict and model before the rest, then the fullest.
  const rank = (prefix: string) =>
    COPIES.test(prefix) ? 2 : /^(?:state_dict\.|model\.|$)/.test(prefix) ? 0 : 1;
  const [best, second] = [...counts].sort(([a, m], [b, n]) => rank(a) - rank(b) || n - m);
  if (!best) return undefined;
  const [prefix] = best;
  const rival = second && rank(second[0]) === rank(prefix) ? second[0] : undefined;
  const queries = new Set<string>();
  for (const key of all) {
    const found = /^(.*?)(?:learnable_prompts|queries)\./.exec(key);
    if (found && prefix.startsWith(found[1] ?? '')) queries.add(found[0]);
  }
  return { prefix, queries: [...queries].sort((a, b) => b.length - a.length)[0], rival };
}

/** Parts that a still image does not need. */
const DROPPED: readonly RegExp[] = [
  /^(?:memory_attention|memory_encoder|mask_downsample|obj_ptr_proj|obj_ptr_tpos_proj)\./,
  /^(?:maskmem_tpos_enc|no_mem_pos_enc|no_obj_ptr|no_obj_embed_spatial)$/,
  // ImageNet's classifier, which MobileSAM still carries, and what PyTorch can compute again.
  /^image_encoder\.(?:norm_head|head)\./,
  /\.num_batches_tracked$/,
  /\.attention_bias_idxs$/,
  /^(?:pixel_mean|pixel_std)$/,
  // The prompt encoder is shared; this is its second name.
  /^prompt_predictor\.prompt_encoder\./,
];

const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^image_encoder\.net\./, 'image_encoder.'],
  [/^(?:sam_prompt_encoder|prompt_sampler\.prompt_encoder)\./, 'prompt_encoder.'],
  [/^prompt_sampler\.prompt_learner\./, 'prompt_predictor.'],
  [/^(?:sam_)?mask_decoder\.(?:net\.)?/, 'mask_decoder.'],
  // SAM and SAM2 name the layers of the same MLP differently.
  [/^((?:mask_decoder|prompt_predictor)\..*mlp)\.lin1\./, '$1.layers.0.'],
  [/^((?:mask_decoder|prompt_predictor)\..*mlp)\.lin2\./, '$1.layers.1.'],
  [/^(mask_decoder\..*_proj)\.proj\./, '$1.'],
  [/^(mask_decoder\..*_proj)\.w_([ab])\./, '$1.lora_$2.'],
  // The linear predictor is one block without a list around it.
  [/^prompt_predictor\.(self_attn|norm\d|cross_attn_\w+|mlp)\./, 'prompt_predictor.layers.0.$1.'],
  [/^prompt_predictor\.pos_encoding_1d\./, 'prompt_predictor.pos_encoding1d.'],
];

/** The canonical name of a key below the root, or undefined for one that is dropped. */
export function canonicalName(key: string): string | undefined {
  const name = RENAMED.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), key);
  return DROPPED.some((pattern) => pattern.test(name)) ? undefined : name;
}
