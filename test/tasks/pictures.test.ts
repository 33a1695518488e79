import { describe, expect } from 'vitest';
import type { PictureSource } from '../../src/index.ts';
import { PictureError } from '../../src/index.ts';
import { gpuTest } from '../gpu-device.ts';
import { demoFile, noise, sam2radFile, withModel } from './models.ts';

/** What code without types may send, and what it is told. */
const REFUSED: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /^picture: got Undefined, expected an ImageBitmap, image, canvas/],
  [null, /^picture: got Null, expected/],
  [
    'wrist.png',
    /^picture: got String, expected .*decode a file with createImageBitmap\(blob\), in Node with sharp$/,
  ],
  [new Blob(['...']), /^picture: got Blob, expected/],
  [{ data: new Uint8Array(), width: 0, height: 0 }, /^picture: 0 x 0 pixels;/],
  [{ data: new Uint8Array(3), width: 1.5, height: 2 }, /^picture: its size is 1.5 x 2, expected whole/],
  [{ data: new Uint8Array(3), width: -1, height: -1 }, /^picture: its size is -1 x -1, expected whole/],
  [{ data: new Uint8Array(11), width: 2, height: 2 }, /^picture: 11 bytes do not fit 2 x 2 pixels, expected/],
  [{ data: new Float32Array(16), width: 2, height: 2 }, /^picture: its data is Float32Array, expected/],
  [
    { data: new Uint8Array(1), width: 20000, height: 20000 },
    /^picture: 20000 x 20000 pixels are too many, the limit is 33554432 pixels \(32 Mpx\)/,
  ],
  [{ data: new Uint8Array(1), width: 70000, height: 1 }, /^picture: 70000 x 1 pixels are too many/],
];

const SMALL = [
  [1, 1],
  [1, 500],
  [5, 3],
] as const;

describe('pictures that are none are refused, the smallest are segmented', () => {
  for (const [name, file, modes] of [
    ['sam2', demoFile, ['manual']],
    ['sam2rad', sam2radFile, ['manual', 'auto']],
  ] as const)
    gpuTest(name, async (gpu) => {
      await withModel(await file(), { gpu }, async (model) => {
        for (const [source, message] of REFUSED) {
          const error = await model.setImage(source as PictureSource).catch((reason: unknown) => reason);
          expect(error, String(message)).toBeInstanceOf(PictureError);
          expect(String(error)).toMatch(new RegExp(message.source.replace('^', '^PictureError: ')));
        }
        for (const [width, height] of SMALL) {
          using image = await model.setImage(noise(width, height));
          expect([image.width, image.height]).toEqual([width, height]);
          for (const mode of modes) {
            const prediction = await image.predict({ mode, box: [0, 0, width, height], returnLogits: true });
            expect(prediction.classMap).toHaveLength(width * height);
            for (const { mask, logits, lowResLogits, iou } of prediction) {
              expect(mask).toHaveLength(width * height);
              expect(logits).toHaveLength(width * height);
              expect(logits?.every(Number.isFinite)).toBe(true);
              expect(lowResLogits.every(Number.isFinite)).toBe(true);
              expect(iou).toBeGreaterThan(-1);
            }
          }
        }
      });
    });
});
