import { readBuffer } from '../gpu/readback.ts';
import { featureMaps } from '../models/features.ts';
import { answerCount, type DecodeSpec, type StageContext } from './recordings.ts';
import type { Stages } from './stages.ts';
import type { DumpedTensor } from './types.ts';

const CHANNELS = 256;

type Tensors = ReadonlyMap<string, DumpedTensor>;

/**
 * The intermediate values of the last prediction, by the names and in the layouts of the PyTorch dumps
 * ([batch, channels, height, width]): raw, before any clamp or object score.
 */
export async function readTensors(stages: Stages, { config }: StageContext, spec: DecodeSpec) {
  const tensors = new Map<string, DumpedTensor>();
  const side = config.imageSize / 16;
  const read = async (name: string, values: number) =>
    new Float32Array(await readBuffer(stages.gpu, stages.buffer(name, 4 * values), 4 * values));
  const map = async (name: string, edge: number, channels: number) =>
    channelsFirst(await read(name, edge * edge * channels), channels);
  const batch = Math.max(1, spec.classes.length);

  const add = (name: string, shape: readonly number[], data: Float32Array<ArrayBuffer>) =>
    tensors.set(name, { shape, data });
  add('image_embedding', [1, CHANNELS, side, side], await map('image_embedding', side, CHANNELS));
  // The reference lists the further maps from fine to coarse.
  for (const [i, { name, side: edge, channels }] of featureMaps(config).slice(1).reverse().entries())
    add(`high_res_features.${i}`, [1, channels, edge, edge], await map(name, edge, channels));

  const learned = spec.classes.length > 0 ? (config.datasets[0]?.tokens ?? 0) : 0;
  const tokens = learned + spec.points;
  // Without manual points the decoder reads the predictor's own buffers.
  const sparseName = (i: number) =>
    spec.points > 0 ? `sparse_embeddings.${i}` : `sparse.${spec.classes[i]}`;
  if (tokens > 0) {
    const sparse = await Promise.all(
      Array.from({ length: batch }, (_, i) => read(sparseName(i), tokens * CHANNELS)),
    );
    add('sparse_embeddings', [batch, tokens, CHANNELS], joined(sparse));
  }
  const denseName = (index: number) => (spec.mask ? 'dense_embeddings' : `dense.${index}`);
  const dense = await Promise.all(
    (spec.classes.length > 0 ? spec.classes : spec.mask ? [0] : []).map((index) =>
      map(denseName(index), side, CHANNELS),
    ),
  );
  if (dense.length > 0) add('dense_embeddings', [dense.length, CHANNELS, side, side], joined(dense));
  if (spec.classes.length > 0) {
    const each = async (name: string, values: number) =>
      joined(await Promise.all(spec.classes.map((index) => read(`${name}.${index}`, values))));
    add('interim_mask', [batch, 1, 4 * side, 4 * side], await each('interim_mask', 16 * side * side));
    add('pred_boxes', [batch, 4], await each('predicted_box', 4));
  }

  const masks = answerCount(spec) / batch;
  add(
    'low_res_masks',
    [batch, masks, 4 * side, 4 * side],
    await read('masks', batch * masks * 16 * side * side),
  );
  add('iou_predictions', [batch, masks], await read('ious', batch * masks));
  if (config.decoder.objectScore !== 'none')
    add('object_score_logits', [batch, 1], await read('object_scores', batch));
  return tensors;
}

/**
 * The tensors of an autonomous decode and of one decode a class that was fed its logits: the latter as one batch, in
 * order of the classes. What both have is called `autonomous.<name>` of the former, but for the picture's own features.
 */
export function fedBackTensors(auto: Tensors, classes: readonly Tensors[]): Map<string, DumpedTensor> {
  const all = new Map(auto);
  for (const [
    name,
    {
      shape: [batch = 0, ...rest],
    },
  ] of classes[0] ?? []) {
    if (/^(image|high_res)_/.test(name)) continue;
    const own = auto.get(name);
    if (own) all.set(`autonomous.${name}`, own);
    const parts = classes.map((tensors) => tensors.get(name)?.data ?? new Float32Array());
    all.set(name, { shape: [classes.length * batch, ...rest], data: joined(parts) });
  }
  return all;
}

/** [pixels, channels] to [channels, pixels]. */
function channelsFirst(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const pixels = values.length / channels;
  const result = new Float32Array(values.length);
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let c = 0; c < channels; c++) result[c * pixels + pixel] = values[pixel * channels + c] ?? 0;
  return result;
}

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
