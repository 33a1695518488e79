/** What bench/run.ts calls in the page. Arguments and results are plain JSON. */
import type { Ladder } from '../kernels/ladder.ts';
import { type KernelOptions, type KernelReport, measureKernels } from '../kernels/measure.ts';
import { type Contestant, interleave, relativeError, type Timing } from '../measure.ts';
import { goldenPicture, goldenTensor } from './golden-image.ts';
import { loadOrt, type Provider } from './ort.ts';
import { loadOurs } from './ours.ts';

const SIZE = 256;
/** The goldens' box, at S = 256. */
const BOX = [37.5, 50, 175, 160] as const;
const CORNERS = [
  [BOX[0], BOX[1]],
  [BOX[2], BOX[3]],
] as const;
const CORNER_LABELS = [2, 3];

/** What the comparison with onnxruntime-web found. */
export interface SideBySide {
  readonly adapter: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'description'>;
  readonly ortVersion: string;
  readonly threads: number;
  readonly loadMs: Readonly<Record<string, number>>;
  readonly times: Readonly<Record<string, Timing>>;
  /** Relative error of our tensors to onnxruntime-web's WebGPU provider: the weights are equal. */
  readonly errors: Readonly<Record<string, number>>;
}

const bench = {
  /** Every kernel against the roofs of this device. */
  kernels(ladder: Ladder, options: KernelOptions): Promise<KernelReport> {
    return measureKernels(undefined, ladder, options);
  },

  /** nano: our engine and onnxruntime-web in turns, on the same picture, box and weights. */
  async sideBySide(options: { rounds: number; providers: readonly Provider[] }): Promise<SideBySide> {
    const ours = await loadOurs('nano-sam2', goldenPicture(SIZE), BOX);
    const others = [];
    for (const provider of options.providers)
      others.push({ provider, ort: await loadOrt('nano', provider, goldenTensor(SIZE), SIZE) });
    const contestants: Record<string, Contestant> = {
      'sam2rad encode': () => ours.encode(),
      'sam2rad click': () => ours.click(),
    };
    for (const { provider, ort } of others) {
      contestants[`ort ${provider} encode`] = () => ort.encode();
      contestants[`ort ${provider} click`] = () => ort.click(CORNERS, CORNER_LABELS);
    }
    const times = await interleave(contestants, options.rounds);
    const errors: Record<string, number> = {};
    for (const { provider, ort } of others) {
      const features = await ort.features();
      const masks = await ort.click(CORNERS, CORNER_LABELS);
      const prediction = await ours.click({ multimaskOutput: true, returnTensors: true });
      const tensor = (name: string) => prediction.tensors?.get(name)?.data ?? new Float32Array();
      Object.assign(errors, {
        [`${provider} embedding`]: relativeError(tensor('image_embedding'), features['emb'] ?? []),
        [`${provider} high_res_features.0`]: relativeError(
          tensor('high_res_features.0'),
          features['h0'] ?? [],
        ),
        [`${provider} high_res_features.1`]: relativeError(
          tensor('high_res_features.1'),
          features['h1'] ?? [],
        ),
        [`${provider} masks`]: relativeError(
          tensor('low_res_masks'),
          masks.masks.subarray((SIZE * SIZE) / 16),
        ),
        [`${provider} iou`]: relativeError(tensor('iou_predictions'), masks.iou.subarray(1)),
        [`${provider} object score`]: relativeError(tensor('object_score_logits'), masks.obj),
      });
    }
    return {
      adapter: ours.model.adapter,
      ortVersion: others[0]?.ort.version ?? '',
      threads: navigator.hardwareConcurrency,
      loadMs: Object.fromEntries([
        ['sam2rad', ours.loadMs],
        ...others.map(({ provider, ort }) => [`ort ${provider}`, ort.loadMs] as const),
      ]),
      times,
      errors,
    };
  },
};

export type Bench = typeof bench;
Object.assign(window, { bench });
