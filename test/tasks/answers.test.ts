import { afterAll, beforeAll, expect } from 'vitest';
import type { MaskResult, Prediction } from '../../src/index.ts';
import { createNodeGpu } from '../../tools/runtimes/dawn.ts';
import { gpuTest } from '../gpu-device.ts';
import { countedDevice } from './counted-gpu.ts';
import { demoFile, disc, noise, sam2radFile, withPicture } from './models.ts';

const WIDTH = 70;
const HEIGHT = 50;

/** Two cores that others use, too. */
const PATIENCE_MS = 300_000;

let device: GPUDevice;
beforeAll(async () => {
  ({ device } = await countedDevice(createNodeGpu()));
});
afterAll(() => device.destroy());

/** What must hold of any answer, by its own words. */
function expectConsistent(prediction: Prediction): void {
  const classes = new Uint8Array(WIDTH * HEIGHT);
  const best = new Float32Array(WIDTH * HEIGHT);
  for (const result of prediction) {
    const { mask, logits, area, box, classNumber, width, height } = result;
    expect([width, height, mask.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT]);
    if (!logits) throw new Error('returnLogits gave none');
    const shown = isShown(result, prediction);
    expect(mask).toEqual(Uint8Array.from(logits, (logit) => (shown && logit > 0 ? 1 : 0)));
    expect(area).toBe(mask.reduce((sum, inside) => sum + inside, 0));
    expect(box).toEqual(tightBox(mask));
    logits.forEach((logit, pixel) => {
      if (!mask[pixel] || logit <= (best[pixel] ?? 0)) return;
      best[pixel] = logit;
      classes[pixel] = classNumber;
    });
  }
  if (prediction.some(({ predictedBox }) => predictedBox !== null))
    expect(prediction.classMap).toEqual(classes);
  else {
    const [chosen] = [...prediction].sort((a, b) => b.iou - a.iou);
    expect(prediction.classMap).toEqual(chosen?.mask);
  }
}

/** Auto mode blanks what the model says is not there; a mask that a person asked for stays. */
const isShown = ({ objectScore, predictedBox }: MaskResult, prediction: Prediction) =>
  prediction.length === 0 || predictedBox === null || objectScore === null || objectScore >= 0;

function tightBox(mask: Uint8Array) {
  let [x0, y0, x1, y1] = [WIDTH, HEIGHT, 0, 0];
  mask.forEach((inside, pixel) => {
    if (!inside) return;
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  });
  return x1 > 0 ? [x0, y0, x1, y1] : null;
}

const returnLogits = true;

gpuTest(
  'SAM2: masks, logits, boxes and class map agree, and logits go back in',
  async () => {
    await withPicture(await demoFile(), { device }, disc(WIDTH, HEIGHT), async (image) => {
      const box = [15, 5, 55, 45] as const;
      const first = await image.predict({ box, returnLogits });
      expectConsistent(first);
      expect(first).toHaveLength(1);
      expect(first[0]).toMatchObject({ classNumber: 1, className: 'object', predictedBox: null });
      expect(first[0]?.area).toBeGreaterThan(100);
      const three = await image.predict({
        pointCoords: [[35, 25]],
        pointLabels: [1],
        multimaskOutput: true,
        returnLogits,
      });
      expect(three).toHaveLength(3);
      expectConsistent(three);
      // SAM2's predictor hands its logits back within 32.
      for (const { lowResLogits } of [...first, ...three])
        expect(Math.max(...lowResLogits.map(Math.abs))).toBeLessThanOrEqual(32);

      const maskInput = first[0]?.lowResLogits ?? new Float32Array();
      const kept = maskInput.slice();
      const pending = image.predict({ box, maskInput, returnLogits });
      // What was handed in is the caller's again at once.
      maskInput.fill(-32);
      const second = await pending;
      expectConsistent(second);
      const again = await image.predict({ box, maskInput: kept });
      expect(again[0]?.lowResLogits).toEqual(second[0]?.lowResLogits);
      expect(again[0]?.lowResLogits).not.toEqual(kept);
      expect(overlap(first[0], second[0])).toBeGreaterThan(0.7);
      // The mask alone is a prompt, too.
      expectConsistent(await image.predict({ maskInput: kept, returnLogits }));
      expect('logits' in (again[0] ?? {})).toBe(false);
    });
  },
  PATIENCE_MS,
);

gpuTest(
  'Sam2Rad: one answer a class, alone as among all, and refined in both ways',
  async () => {
    await withPicture(await sam2radFile(), { device }, noise(WIDTH, HEIGHT), async (image, model) => {
      expect(model.classes).toEqual(['phantom 1', 'phantom 2']);
      const all = await image.predict({ returnLogits });
      expect(all.map(({ classNumber }) => classNumber)).toEqual([1, 2]);
      expectConsistent(all);
      const second = await image.predict({ classes: [2], returnLogits });
      expectConsistent(second);
      expect(second).toHaveLength(1);
      const { mask, ...words } = second[0] ?? all[0] ?? {};
      expect({ mask, ...words }).toEqual(all[1]);
      const turned = await image.predict({ classes: [2, 1, 2], returnLogits });
      expect([...turned]).toEqual([all[1], all[0]]);
      expect(turned.classMap).toEqual(all.classMap);

      // Sam2Rad's logits come back raw, whatever their size.
      const size = Math.max(...all.flatMap(({ lowResLogits }) => Array.from(lowResLogits, Math.abs)));
      const tensors =
        (await image.predict({ returnTensors: true })).tensors?.get('low_res_masks')?.data ?? [];
      expect(size).toBe(Math.max(...Array.from(tensors, Math.abs)));

      const points = { pointCoords: [[35, 25]] as const, pointLabels: [1] };
      const learned = await image.predict({ ...points, refine: 'learned', returnLogits });
      expectConsistent(learned);
      expect(learned[0]?.lowResLogits).not.toEqual(all[0]?.lowResLogits);

      const refined = await image.predict({ ...points, refine: 'logits', returnLogits });
      expect(refined.map(({ classNumber, className }) => [classNumber, className])).toEqual([
        [1, 'phantom 1'],
        [2, 'phantom 2'],
      ]);
      // By hand: the autonomous logits of a class as mask prompt of manual mode.
      for (const [i, { lowResLogits }] of all.entries()) {
        const [manual] = await image.predict({
          mode: 'manual',
          ...points,
          maskInput: lowResLogits,
          returnLogits,
        });
        expect(refined[i]?.lowResLogits).toEqual(manual?.lowResLogits);
        expect(refined[i]?.mask).toEqual(manual?.mask);
        expect(refined[i]?.predictedBox).toEqual(all[i]?.predictedBox);
      }
      // Where refined masks overlap, the larger logit has the pixel.
      const expected = new Uint8Array(WIDTH * HEIGHT);
      expected.forEach((_, pixel) => {
        const [one = 0, two = 0] = refined.map(({ logits }) => logits?.[pixel] ?? 0);
        if (Math.max(one, two) > 0) expected[pixel] = two > one ? 2 : 1;
      });
      expect(refined.classMap).toEqual(expected);
      // Every tensor: those of each class's decode in one batch, and those of the autonomous one beside them.
      const { tensors: auto } = await image.predict({ returnTensors: true });
      const { tensors: both } = await image.predict({ ...points, refine: 'logits', returnTensors: true });
      for (const [name, { shape, data }] of both ?? []) {
        expect(data.length, name).toBe(shape.reduce((product, side) => product * side, 1));
        const of = auto?.get(name.replace('autonomous.', ''));
        if (/^(autonomous|image_|high_res_|interim_mask|pred_boxes)/.test(name))
          expect({ shape, data }, name).toEqual(of);
        else expect([shape[0], shape.slice(2)], name).toEqual([2, of?.shape.slice(2)]);
      }
      expect([...(both?.keys() ?? [])].filter((name) => !name.startsWith('autonomous.'))).toEqual([
        ...(auto?.keys() ?? []),
      ]);
      expect(Array.from(both?.get('low_res_masks')?.data ?? [])).toEqual(
        refined.flatMap(({ lowResLogits }) => Array.from(lowResLogits)),
      );
      const plain = await image.predict({ ...points, refine: 'logits' });
      expect(plain.classMap).toEqual(expected);
      expect(plain.every((result) => !('logits' in result))).toBe(true);

      const manual = await image.predict({ mode: 'manual', ...points, returnLogits });
      expectConsistent(manual);
    });
  },
  PATIENCE_MS,
);

function overlap(a: MaskResult | undefined, b: MaskResult | undefined): number {
  let [both, either] = [0, 0];
  a?.mask.forEach((inside, i) => {
    both += inside && b?.mask[i] ? 1 : 0;
    either += inside || b?.mask[i] ? 1 : 0;
  });
  return both / either;
}
