import type { DecoderConfig, PromptPredictorConfig } from './config.ts';
import type { ShapeList } from './shape-list.ts';

const DIM = 256;

function attention(list: ShapeList, prefix: string, inner: number): void {
  for (const projection of ['q_proj', 'k_proj', 'v_proj']) list.linear(`${prefix}.${projection}`, inner, DIM);
  list.linear(`${prefix}.out_proj`, DIM, inner);
}

function mlp(list: ShapeList, prefix: string, ...dims: number[]): void {
  for (const [i, inputs] of dims.slice(0, -1).entries()) {
    list.linear(`${prefix}.layers.${i}`, dims[i + 1] ?? 0, inputs);
  }
}

/** The block that decoder and prompt predictor share: tokens attend to themselves, to the map, and back. */
function twoWayBlock(list: ShapeList, prefix: string): void {
  attention(list, `${prefix}.self_attn`, DIM);
  list.norm(`${prefix}.norm1`, DIM);
  attention(list, `${prefix}.cross_attn_token_to_image`, DIM / 2);
  list.norm(`${prefix}.norm2`, DIM);
  mlp(list, `${prefix}.mlp`, DIM, 2048, DIM);
  list.norm(`${prefix}.norm3`, DIM);
  list.norm(`${prefix}.norm4`, DIM);
  attention(list, `${prefix}.cross_attn_image_to_token`, DIM / 2);
}

export function promptEncoderTensors(list: ShapeList): void {
  const root = 'prompt_encoder';
  list.put(`${root}.pe_layer.positional_encoding_gaussian_matrix`, 2, DIM / 2);
  for (let i = 0; i < 4; i++) list.put(`${root}.point_embeddings.${i}.weight`, 1, DIM);
  list.put(`${root}.not_a_point_embed.weight`, 1, DIM);
  list.conv(`${root}.mask_downscaling.0`, 4, 1, 2);
  list.norm(`${root}.mask_downscaling.1`, 4);
  list.conv(`${root}.mask_downscaling.3`, 16, 4, 2);
  list.norm(`${root}.mask_downscaling.4`, 16);
  list.conv(`${root}.mask_downscaling.6`, DIM, 16, 1);
  list.put(`${root}.no_mask_embed.weight`, 1, DIM);
}

export function maskDecoderTensors(list: ShapeList, config: DecoderConfig): void {
  const root = 'mask_decoder';
  for (let i = 0; i < 2; i++) twoWayBlock(list, `${root}.transformer.layers.${i}`);
  attention(list, `${root}.transformer.final_attn_token_to_image`, DIM / 2);
  list.norm(`${root}.transformer.norm_final_attn`, DIM);
  list.put(`${root}.iou_token.weight`, 1, DIM);
  list.put(`${root}.mask_tokens.weight`, 4, DIM);
  if (config.objectScore !== 'none') list.put(`${root}.obj_score_token.weight`, 1, DIM);
  // Transposed convolutions: weight [inputs, outputs, 2, 2].
  list.put(`${root}.output_upscaling.0.weight`, DIM, 64, 2, 2);
  list.put(`${root}.output_upscaling.0.bias`, 64);
  list.norm(`${root}.output_upscaling.1`, 64);
  list.put(`${root}.output_upscaling.3.weight`, 64, 32, 2, 2);
  list.put(`${root}.output_upscaling.3.bias`, 32);
  if (config.highResolution) {
    list.conv(`${root}.conv_s0`, 32, DIM, 1);
    list.conv(`${root}.conv_s1`, 64, DIM, 1);
  }
  for (let i = 0; i < 4; i++) mlp(list, `${root}.output_hypernetworks_mlps.${i}`, DIM, DIM, DIM, 32);
  mlp(list, `${root}.iou_prediction_head`, DIM, DIM, DIM, 4);
  if (config.objectScore === 'mlp') mlp(list, `${root}.pred_obj_score_head`, DIM, DIM, DIM, 1);
  if (config.objectScore === 'linear') list.linear(`${root}.pred_obj_score_head`, 1, DIM);
}

/** Low-rank terms beside each q and v of the decoder. */
export function loraTensors(list: ShapeList, rank: number): void {
  const root = 'mask_decoder.transformer';
  const attentions: [string, number][] = [0, 1].flatMap((i): [string, number][] => [
    [`${root}.layers.${i}.self_attn`, DIM],
    [`${root}.layers.${i}.cross_attn_token_to_image`, DIM / 2],
    [`${root}.layers.${i}.cross_attn_image_to_token`, DIM / 2],
  ]);
  attentions.push([`${root}.final_attn_token_to_image`, DIM / 2]);
  for (const [prefix, inner] of attentions) {
    for (const projection of ['q_proj', 'v_proj']) {
      list.put(`${prefix}.${projection}.lora_a.weight`, rank, DIM);
      list.put(`${prefix}.${projection}.lora_b.weight`, inner, rank);
    }
  }
}

export function promptPredictorTensors(list: ShapeList, config: PromptPredictorConfig): void {
  const root = 'prompt_predictor';
  // A buffer, but the reference saves and reads it: a file may hold other frequencies than the formula's.
  list.put(`${root}.pos_encoding1d.inv_freq`, DIM / 2);
  mlp(list, `${root}.box_regression_head.mlp`, 2 * DIM, DIM, 4);
  list.conv(`${root}.mask_classifier.layers.0`, 64, DIM, 3);
  list.conv(`${root}.mask_classifier.layers.1`, 64, 64, 3);
  list.conv(`${root}.mask_classifier.final_conv`, 1, 64, 1);
  for (const [i, channels] of config.channels.entries()) {
    if (channels !== DIM) list.conv(`${root}.channel_adapters.${i}`, DIM, channels, 1);
  }
  for (const i of config.channels.keys()) twoWayBlock(list, `${root}.layers.${i}`);
}
