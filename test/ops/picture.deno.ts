/** Pictures and masks on wgpu and naga, against the goldens: prints `{ label, worst }`, the largest relative errors. */

import { classMap, halveLogits, logitsToPicture, maskOfLogits } from '../../src/ops/postprocess.ts';
import { preprocess } from '../../src/ops/preprocess.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { relativeError } from '../close.ts';
import { runGraph, wordsOf } from '../run-graph.ts';
import { packed, pictureCases, planes } from './picture-goldens.ts';

const worst: Record<string, number> = {};
const note = (what: string, error: number) => {
  worst[what] = Math.max(worst[what] ?? 0, error);
};
for (const { image, f32, ...size } of await pictureCases())
  for (const family of ['sam', 'sam2', 'sam2rad'] as const) {
    const picture = { ...size, family };
    const { height, width } = size;
    const side = size.imageSize / 4;
    const low = await f32('low_res_logits');
    const [y, logits, mask, classes, statistics] = await runGraph(navigator.gpu, (g, feed) => {
      const lowRes = feed('low', [side, side], low);
      const halves = halveLogits(g, lowRes, picture);
      const inside = maskOfLogits(g, lowRes, picture, { halves });
      return [
        preprocess(g, feed('pixels', [height, width], packed(image)), picture),
        logitsToPicture(g, lowRes, picture, { halves }),
        inside.mask,
        classMap(g, lowRes, picture, { halves }),
        inside.statistics,
      ];
    });
    const golden = await f32(family === 'sam2' ? 'mask_squash' : 'mask_longest_side');
    note(family, relativeError(planes(y ?? new Float32Array(), size.imageSize), await f32(family)));
    note('logits', relativeError(logits ?? [], golden));
    const area = golden.filter((logit) => logit > 0).length;
    note('area', Math.abs((wordsOf(statistics)[0] ?? 0) - area));
    note('classes', wordsOf(mask).join() === wordsOf(classes).join() ? 0 : 1);
  }
const adapter = await navigator.gpu.requestAdapter();
console.log(JSON.stringify({ worst, label: adapter ? adapterLabel(adapter.info, 'wgpu') : 'none' }));
