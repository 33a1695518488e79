import type { PictureSource, PredictOptions } from '../../src/index.ts';
import { loadModel } from '../../src/index.ts';

export const DEMO_BOX = [12, 10, 50, 42] as const;

/** From an address to a mask: the same in Node, Deno, a page and a worker. */
export async function segmentDemo(
  source: string | Blob,
  picture: PictureSource,
  gpu: GPU = navigator.gpu,
  options: PredictOptions = { box: DEMO_BOX },
) {
  using model = await loadModel(source, { gpu });
  using image = await model.setImage(picture);
  const [result] = await image.predict(options);
  if (!result) throw new Error('no mask');
  const { area, box, iou } = result;
  return { adapter: model.adapter, area, box, iou, mask: Array.from(result.mask) };
}
