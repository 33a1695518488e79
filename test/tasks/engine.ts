import type { AdapterSummary, Box, PictureSource } from '../../src/index.ts';
import { loadModel } from '../../src/index.ts';

const DEMO_BOX = [12, 10, 50, 42] as const;

export interface Segmented {
  readonly adapter: AdapterSummary;
  readonly area: number;
  readonly box: Box | null;
  readonly iou: number;
  readonly mask: number[];
}

/** From an address to a mask a picture: the same in Node, Deno, a page and a worker. */
export async function segmentDemo(
  source: string | Blob,
  pictures: readonly PictureSource[],
  gpu: GPU = navigator.gpu,
): Promise<Segmented[]> {
  using model = await loadModel(source, { gpu });
  const segmented: Segmented[] = [];
  for (const picture of pictures) {
    using image = await model.setImage(picture);
    const [result] = await image.predict({ box: DEMO_BOX });
    if (!result) throw new Error('no mask');
    const { area, box, iou } = result;
    segmented.push({ adapter: model.adapter, area, box, iou, mask: Array.from(result.mask) });
  }
  return segmented;
}
