import { describe, expect, test } from 'vitest';
import { Sam2RadError, ShapeError } from '../../src/errors.ts';
import {
  type BinaryMask,
  hausdorff95,
  maskOfClass,
  percentile,
  randomStream,
  type Spacing,
  scoreMask,
  squaredDistances,
  surfaceDice,
  surfaceDistances,
} from '../../src/evaluation.ts';
import { drawn, noise, shape } from './shapes.ts';

/** Two shapes with a hole and an island, in whole numbers, so that NumPy draws the same. */
const A = shape(
  131,
  97,
  (x, y) => (x - 60) ** 2 * 4 + (y - 50) ** 2 * 9 < 14400 && (x - 70) ** 2 + (y - 55) ** 2 >= 200,
);
const B = shape(131, 97, (x, y) => (x - 66) ** 2 * 4 + (y - 47) ** 2 * 9 < 13600 || (x >= 120 && y < 9));

/**
 * By SciPy 1.17 and NumPy 2.4 after MONAI's definitions: edges = mask ^ binary_erosion(mask), distances =
 * distance_transform_edt(~edges, sampling), HD95 = max of both numpy.quantile(d, 0.95), NSD = share within tolerance.
 */
const SCIPY: readonly { spacing: Spacing; nsd: readonly (readonly [number, number])[]; hd95: number }[] = [
  {
    spacing: [1, 1],
    nsd: [
      [1, 0.13304093567251463],
      [2, 0.25],
      [5, 0.6301169590643275],
    ],
    hd95: 32.01562118716424,
  },
  {
    spacing: [0.1, 0.25],
    nsd: [
      [0.2, 0.14181286549707603],
      [0.5, 0.35526315789473684],
    ],
    hd95: 4.802693902571265,
  },
];

test.each(SCIPY)('NSD and HD95 are those of MONAI by SciPy, spacing $spacing', ({ spacing, nsd, hd95 }) => {
  const distances = surfaceDistances(A, B, spacing);
  expect([distances.there.length, distances.back.length]).toEqual([368, 316]);
  expect(hausdorff95(distances)).toBeCloseTo(hd95, 12);
  for (const [tolerance, expected] of nsd)
    expect(surfaceDice(distances, tolerance), `tolerance ${tolerance}`).toBeCloseTo(expected, 12);
  const scores = scoreMask(A, B, { spacing });
  expect(scores).toMatchObject({ predictedArea: 6896, truthArea: 7212, presence: 'both' });
  expect(scores.dice).toBeCloseTo(0.8633399489651262, 12);
  expect(scores.iou).toBeCloseTo(0.7595410326764779, 12);
  expect(scores.hd95).toBeCloseTo(hd95, 12);
});

/** All by their definitions: sets of pixels, and every pair of edge pixels. */
function byDefinition(a: BinaryMask, b: BinaryMask, [stepX, stepY]: Spacing, tolerance: number) {
  const pixels = ({ width, height, data }: BinaryMask) => {
    const at = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && data[y * width + x];
    const all: [number, number][] = [];
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (at(x, y)) all.push([x, y]);
    const steps = [
      [0, 1],
      [1, 0],
      [0, -1],
      [-1, 0],
    ] as const;
    const edge = all.filter(([x, y]) => steps.some(([dx, dy]) => !at(x + dx, y + dy)));
    return { all: new Set(all.map(String)), edge };
  };
  const [p, q] = [pixels(a), pixels(b)];
  const distances = (from: [number, number][], to: [number, number][]) =>
    from.map(([x, y]) => Math.min(...to.map(([u, v]) => Math.hypot((x - u) * stepX, (y - v) * stepY))));
  const [there, back] = [distances(p.edge, q.edge), distances(q.edge, p.edge)];
  const shared = [...p.all].filter((one) => q.all.has(one)).length;
  const within = [...there, ...back].filter((one) => one <= tolerance).length;
  return {
    dice: (2 * shared) / (p.all.size + q.all.size),
    iou: shared / new Set([...p.all, ...q.all]).size,
    nsd: within / (there.length + back.length),
    hd95: Math.max(percentile(there, 0.95), percentile(back, 0.95)),
  };
}

test('on 60 pairs of ragged masks every metric is its definition', () => {
  const random = randomStream(2);
  let compared = 0;
  for (let round = 0; round < 60; round++) {
    const [width, height] = [5 + Math.floor(random() * 30), 5 + Math.floor(random() * 30)];
    const [a, b] = [noise(width, height, random, 0.02), noise(width, height, random, 0.05)];
    // No distance of a lattice with these steps is within rounding of the tolerance.
    const spacing: Spacing = round % 2 === 0 ? [1, 1] : [0.37, 0.53];
    const tolerance = round % 2 === 0 ? 2 : 0.9;
    const scores = scoreMask(a, b, { spacing, tolerance });
    if (scores.presence !== 'both') continue;
    compared += 1;
    const expected = byDefinition(a, b, spacing, tolerance);
    for (const name of ['dice', 'iou', 'nsd', 'hd95'] as const)
      expect(scores[name], `${name} in round ${round}`).toBeCloseTo(expected[name], 10);
    // Which of the two is the truth does not matter, nor does what lies around both.
    expect(scoreMask(b, a, { spacing, tolerance })).toMatchObject({ dice: scores.dice, nsd: scores.nsd });
    // Dice and IoU are one measure: D = 2 I / (1 + I).
    expect(scores.dice).toBeCloseTo((2 * expected.iou) / (1 + expected.iou), 12);
  }
  expect(compared).toBeGreaterThan(40);
});

describe('by hand', () => {
  test('the same mask agrees wholly', () => {
    expect(scoreMask(A, A)).toMatchObject({ dice: 1, iou: 1, nsd: 1, hd95: 0 });
  });

  test('a square moved by its half', () => {
    const left = drawn('##..', '##..');
    const right = drawn('.##.', '.##.');
    expect(scoreMask(left, right, { tolerance: 0 })).toEqual({
      dice: 0.5,
      iou: 1 / 3,
      // Every pixel of a 2 x 2 square is edge; half of them coincide, the others are one pixel away.
      nsd: 0.5,
      hd95: 1,
      presence: 'both',
      truthArea: 4,
      predictedArea: 4,
    });
    expect(scoreMask(left, right, { tolerance: 1 }).nsd).toBe(1);
    expect(scoreMask(left, right, { spacing: [0.3, 5], tolerance: 0.1 })).toMatchObject({
      nsd: 0.5,
      hd95: 0.3,
    });
  });

  test('two pixels, 3 across and 4 down: 5 apart', () => {
    const from = shape(10, 10, (x, y) => x === 1 && y === 1);
    const to = shape(10, 10, (x, y) => x === 4 && y === 5);
    expect(scoreMask(from, to)).toMatchObject({ dice: 0, iou: 0, nsd: 0, hd95: 5 });
  });

  test('the end of the picture is an edge', () => {
    const { there } = surfaceDistances(
      shape(3, 3, () => true),
      shape(3, 3, () => true),
    );
    expect(there).toHaveLength(8);
  });
});

describe('the rule for empty masks', () => {
  const empty = shape(6, 8, () => false);
  const some = shape(6, 8, (x) => x === 2);

  test('both empty: nothing to measure', () => {
    expect(scoreMask(empty, empty)).toMatchObject({
      dice: null,
      iou: null,
      nsd: null,
      hd95: null,
      presence: 'neither',
    });
  });

  test('one empty: 0, and the diagonal of the picture', () => {
    const worst = { dice: 0, iou: 0, nsd: 0, hd95: 10 };
    expect(scoreMask(empty, some)).toMatchObject({ ...worst, presence: 'truth' });
    expect(scoreMask(some, empty)).toMatchObject({ ...worst, presence: 'prediction' });
    expect(scoreMask(some, empty, { spacing: [0.5, 0.5] }).hd95).toBe(5);
  });
});

test('a class out of a map of class numbers; sizes that do not fit are refused', () => {
  const map = Uint8Array.from([0, 1, 2, 2, 1, 0]);
  expect([...maskOfClass(map, { width: 3, height: 2 }, 2).data]).toEqual([0, 0, 1, 1, 0, 0]);
  expect(() => maskOfClass(map, { width: 3, height: 3 }, 2)).toThrow(/6 bytes for 3 x 3 pixels, expected 9/);
  expect(() => scoreMask(drawn('..'), drawn('...'))).toThrow(/is 2 x 1 pixels, the true one 3 x 1/);
});

const empty = shape(131, 97, () => false);

test.each([
  [[0, 0], '[0, 0]'],
  [[-1, -1], '[-1, -1]'],
  [[Number.NaN, 1], '[NaN, 1]'],
  [[1, Number.POSITIVE_INFINITY], '[1, Infinity]'],
  [[1], '[1]'],
  [0.5, 'Number'],
  [null, 'Null'],
])('a spacing of %o is refused, also where nothing is measured', (value, got) => {
  // A caller without types may write anything.
  const spacing = value as unknown as Spacing;
  const asking = [
    () => scoreMask(A, B, { spacing }),
    () => scoreMask(empty, empty, { spacing }),
    () => scoreMask(A, empty, { spacing }),
    () => surfaceDistances(A, B, spacing),
    () => squaredDistances(A.data, A.width, A.height, spacing),
  ];
  for (const one of asking) {
    expect(one).toThrow(Sam2RadError);
    expect(one).toThrow(`spacing: got ${got}, expected [x, y], two finite numbers above 0`);
  }
});

test.each([Number.NaN, -1, '2' as unknown as number])('a tolerance of %o is refused', (tolerance) => {
  const asking = [
    () => scoreMask(A, B, { tolerance }),
    () => scoreMask(empty, empty, { tolerance }),
    () => surfaceDice(surfaceDistances(A, B), tolerance),
  ];
  for (const one of asking) {
    expect(one).toThrow(Sam2RadError);
    expect(one).toThrow(`tolerance: got ${tolerance}, expected a number of 0 or more`);
  }
});

test.each([
  [Array.from(A.data, Boolean), 'Array'],
  [Float32Array.from(A.data), 'Float32Array'],
  [undefined, 'Undefined'],
])('a mask whose data are no bytes is refused: false would count as inside', (value, kind) => {
  // A caller without types may hand over anything.
  const data = value as unknown as Uint8Array;
  const asking = [
    () => scoreMask({ ...A, data }, B),
    () => scoreMask(B, { ...A, data }),
    () => maskOfClass(data, A, 1),
  ];
  for (const one of asking) {
    expect(one).toThrow(ShapeError);
    expect(one).toThrow(`mask: got ${kind}, expected a Uint8Array of a byte a pixel`);
  }
});

test('what is no mask at all is refused, and a size that is none', () => {
  expect(() => scoreMask(undefined as unknown as BinaryMask, A)).toThrow(
    /^mask: got Undefined, expected \{ width/,
  );
  expect(() => scoreMask({ ...A, width: Number.NaN }, A)).toThrow(
    /^mask: got NaN x 97 pixels, expected whole/,
  );
});

test('what a model answered is scored as it is', () => {
  const { width, height, data: mask } = A;
  expect(scoreMask({ width, height, mask }, B)).toEqual(scoreMask(A, B));
  expect(scoreMask(B, { width, height, mask })).toEqual(scoreMask(B, A));
  expect(() => scoreMask({ width, height, mask: mask.subarray(1) }, B)).toThrow(
    /12706 bytes for 131 x 97 pixels/,
  );
});
