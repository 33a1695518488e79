import { afterAll, expect } from 'vitest';
import type { ImageSession, Model, PredictOptions } from '../../src/index.ts';
import { loadModel, PromptError } from '../../src/index.ts';
import { gpuTest } from '../gpu-device.ts';
import { demoFile, disc, sam2radFile } from './models.ts';

/** Width, height; the demo model wants masks of 64 x 64. */
const PICTURE = disc(60, 50);
const BOX = [10, 10, 50, 40] as const;

/** Prompts as code without types may send them. */
type Loose = Readonly<Record<string, unknown>>;

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const MASK = new Float32Array(64 * 64);
const holed = MASK.map((_, i) => (i === 7 ? Number.NaN : 0));

const OPTIONS =
  'mode, box, pointCoords, pointLabels, maskInput, multimaskOutput, classes, refine, returnLogits, returnTensors, signal, onProgress';

/** By what every model refuses: the message. */
const REFUSED: readonly (readonly [Loose | null | string, string])[] = [
  [null, 'predict was given Null, expected an object of options or nothing'],
  ['auto', 'predict was given String, expected an object of options or nothing'],
  // In Python's words, which would be answered without them.
  [
    { point_coords: [[5, 5]], point_labels: [1] },
    `predict has no option 'point_coords', expected ${OPTIONS}`,
  ],
  [{ box: BOX, constructor: 1 }, `predict has no option 'constructor', expected ${OPTIONS}`],
  [
    { box: BOX, signal: new AbortController() },
    'signal is AbortController, expected an AbortSignal: controller.signal',
  ],
  [{ pointCoords: [5, 5], pointLabels: [1] }, 'pointCoords[0] is Number, expected an array of numbers'],
  [{ mode: 1n, box: BOX }, "mode is BigInt, expected 'auto' or 'manual'"],
  [{ mode: cyclic, box: BOX }, "mode is Array, expected 'auto' or 'manual'"],
  [{ mode: 'magic' }, "mode is \"magic\", expected 'auto' or 'manual'"],
  [
    { mode: 'manual' },
    "mode 'manual' needs a prompt: give a box, pointCoords with pointLabels, or a maskInput",
  ],
  [
    { mode: 'manual', pointCoords: [], pointLabels: [] },
    "mode 'manual' needs a prompt: give a box, pointCoords with pointLabels, or a maskInput",
  ],
  [{ box: [50, 10, 10, 40] }, 'box is [50,10,10,40], expected x0 < x1 and y0 < y1: top left corner first'],
  [{ box: [10, 40, 50, 10] }, 'box is [10,40,50,10], expected x0 < x1 and y0 < y1: top left corner first'],
  [{ box: [10, 10, 10, 40] }, 'box is [10,10,10,40], expected x0 < x1 and y0 < y1: top left corner first'],
  [{ box: [60, 10, 70, 40] }, 'box [60,10,70,40] lies outside the picture of 60 x 50 pixels'],
  [{ box: [-9, -9, 0, 40] }, 'box [-9,-9,0,40] lies outside the picture of 60 x 50 pixels'],
  [
    { box: [Number.NaN, 0, 5, 5] },
    'box is [NaN,0,5,5], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels',
  ],
  [
    { box: [0, 0, Number.POSITIVE_INFINITY, 5] },
    'box is [0,0,Infinity,5], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels',
  ],
  [{ box: [0, 0, 5] }, 'box is [0,0,5], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels'],
  // Finite, but past the largest f32.
  [
    { box: [-1e39, 0, 1e39, 5] },
    'box is [-1e+39,0,1e+39,5], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels',
  ],
  [
    { box: new Array(4) },
    'box is [Undefined,Undefined,Undefined,Undefined], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels',
  ],
  [
    { box: [Symbol('a'), 1n, Object.create(null), '9'] },
    'box is [Symbol,BigInt,Object,"9"], expected 4 numbers within ±65535: x0, y0, x1, y1 in pixels',
  ],
  [{ box: '0,0,5,5' }, 'box is String, expected an array of numbers'],
  [{ box: null }, 'box is Null, expected an array of numbers'],
  [
    { pointCoords: [[61, 5]], pointLabels: [1] },
    'pointCoords[0] [61,5] lies outside the picture of 60 x 50 pixels',
  ],
  [
    {
      pointCoords: [
        [5, 5],
        [5, -0.5],
      ],
      pointLabels: [1, 0],
    },
    'pointCoords[1] [5,-0.5] lies outside the picture of 60 x 50 pixels',
  ],
  [
    { pointCoords: [[Number.NaN, 5]], pointLabels: [1] },
    'pointCoords[0] is [NaN,5], expected 2 numbers within ±65535: x and y in pixels',
  ],
  [
    { pointCoords: [[5]], pointLabels: [1] },
    'pointCoords[0] is [5], expected 2 numbers within ±65535: x and y in pixels',
  ],
  [
    { pointCoords: [new Array(2)], pointLabels: [1] },
    'pointCoords[0] is [Undefined,Undefined], expected 2 numbers within ±65535: x and y in pixels',
  ],
  [
    { pointCoords: new Array(2), pointLabels: [1, 1] },
    'pointCoords[0] is Undefined, expected an array of numbers',
  ],
  [{ pointCoords: [5, 5], pointLabels: [1, 1] }, 'pointCoords[0] is Number, expected an array of numbers'],
  [
    {
      pointCoords: [
        [5, 5],
        [6, 6],
      ],
      pointLabels: [1],
    },
    '2 pointCoords and 1 pointLabels were given; expected one label for each point',
  ],
  [{ pointLabels: [1] }, '0 pointCoords and 1 pointLabels were given; expected one label for each point'],
  [
    { pointCoords: [[5, 5]] },
    '1 pointCoords and 0 pointLabels were given; expected one label for each point',
  ],
  [
    { pointCoords: Array(513).fill([5, 5]), pointLabels: Array(513).fill(1) },
    '513 points were given; expected at most 512',
  ],
  [
    { pointCoords: [[5, 5]], pointLabels: [2] },
    'pointLabels[0] is 2, expected 1 (object), 0 (background) or -1 (padding)',
  ],
  [
    { pointCoords: [[5, 5]], pointLabels: [0.5] },
    'pointLabels[0] is 0.5, expected 1 (object), 0 (background) or -1 (padding)',
  ],
  [
    { pointCoords: [[5, 5]], pointLabels: new Array(1) },
    'pointLabels[0] is Undefined, expected 1 (object), 0 (background) or -1 (padding)',
  ],
  [
    { pointCoords: [[5, 5]], pointLabels: [Symbol('x')] },
    'pointLabels[0] is Symbol, expected 1 (object), 0 (background) or -1 (padding)',
  ],
  [
    { maskInput: new Float32Array(100) },
    'maskInput has 100 values, expected 64 x 64: the lowResLogits of an earlier result',
  ],
  [{ maskInput: holed }, 'maskInput[7] is NaN, expected a number within ±65535'],
  [{ maskInput: new Array(64 * 64).fill(1e300) }, 'maskInput[0] is 1e+300, expected a number within ±65535'],
  [{ maskInput: new Array(64 * 64) }, 'maskInput[0] is Undefined, expected a number within ±65535'],
  [{ maskInput: new BigInt64Array(64 * 64) }, 'maskInput[0] is BigInt, expected a number within ±65535'],
  [{ maskInput: 'mask' }, 'maskInput is String, expected an array of numbers'],
  [{ box: BOX, refine: 1n }, "refine is BigInt, expected 'learned' or 'logits'"],
  [{ box: BOX, refine: 'guess' }, "refine is \"guess\", expected 'learned' or 'logits'"],
];

const REFUSED_BY_SAM2: readonly (readonly [Loose, string])[] = [
  [
    { mode: 'auto' },
    "mode 'auto' needs a prompt predictor, and this model has none: use mode 'manual' with a box or points, or load a Sam2Rad checkpoint",
  ],
  [{}, "mode 'manual' needs a prompt: give a box, pointCoords with pointLabels, or a maskInput"],
  [{ box: BOX, classes: [1] }, "classes belong to mode 'auto'; mode 'manual' segments whatever is prompted"],
];

const REFUSED_BY_SAM2RAD: readonly (readonly [Loose, string])[] = [
  [{ classes: [3] }, 'class 3 does not exist: this model has 2, numbered from 1'],
  [{ classes: [0] }, 'class 0 does not exist: this model has 2, numbered from 1'],
  [{ classes: [1.5] }, 'class 1.5 does not exist: this model has 2, numbered from 1'],
  [{ classes: new Array(1) }, 'class Undefined does not exist: this model has 2, numbered from 1'],
  [{ classes: [] }, 'classes is empty, expected at least one class number'],
  [{ classes: 1 }, 'classes is Number, expected an array of numbers'],
  [{ multimaskOutput: true }, "multimaskOutput belongs to mode 'manual'; mode 'auto' gives one mask a class"],
  [
    { mode: 'manual', box: BOX, classes: [1] },
    "classes belong to mode 'auto'; mode 'manual' segments whatever is prompted",
  ],
  [
    { mode: 'manual', box: BOX, refine: 'logits' },
    "refine belongs to mode 'auto'; mode 'manual' starts from your prompts alone",
  ],
];

const models: Model[] = [];
afterAll(() => {
  for (const model of models) model.dispose();
});

async function picture(gpu: GPU, file: Blob): Promise<ImageSession> {
  const model = await loadModel(file, { gpu });
  models.push(model);
  return model.setImage(PICTURE);
}

async function expectRefusals(
  image: ImageSession,
  cases: readonly (readonly [Loose | null | string, string])[],
): Promise<void> {
  const before = await image.predict({ mode: 'manual', box: BOX });
  for (const [options, message] of cases) {
    const error = await image.predict(options as PredictOptions).catch((reason: unknown) => reason);
    expect(error, message).toBeInstanceOf(PromptError);
    expect(error).toHaveProperty('message', message);
  }
  // What was refused left no trace.
  const after = await image.predict({ mode: 'manual', box: BOX });
  expect(after[0]?.lowResLogits).toEqual(before[0]?.lowResLogits);
  // Each array can be handed to another thread.
  const buffers = [after.classMap, ...after.flatMap(({ mask, lowResLogits }) => [mask, lowResLogits])].map(
    ({ buffer }) => buffer,
  );
  expect(new Set(buffers).size).toBe(buffers.length);
}

gpuTest('SAM2 names what is wrong with a prompt, and goes on', async (gpu) => {
  const image = await picture(gpu, await demoFile());
  await expectRefusals(image, [...REFUSED, ...REFUSED_BY_SAM2]);
  // What merely passes the edge, or pads, is no error.
  const passing = await image.predict({
    box: [-5, -5, 70, 40],
    pointCoords: [
      [60, 50],
      [0, 0],
    ],
    pointLabels: [1, -1],
  });
  expect(passing[0]?.iou).toBeGreaterThan(0);
});

gpuTest('Sam2Rad names what is wrong with a prompt, and goes on', async (gpu) => {
  const image = await picture(gpu, await sam2radFile());
  await expectRefusals(image, [...REFUSED, ...REFUSED_BY_SAM2RAD]);
});
