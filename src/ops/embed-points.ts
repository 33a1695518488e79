import { embedPoints as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';

/** By its coordinates alone: see embed-points-grad.ts. */
export const EMBED_POINTS: DifferentiableOp<{
  readonly coords: Tensor;
  readonly labels: Tensor;
  readonly gaussian: Tensor;
  readonly imageSize: number;
  readonly scale: number;
}> = { name: 'embedPoints' };

/** Options of `embedPoints`. */
export interface EmbedPointsOptions {
  /** Side of the square that coordinates refer to, in pixels. */
  readonly imageSize: number;
  /** Multiplies the coordinates first: `imageSize` for coordinates in 0..1. */
  readonly scale?: number;
  readonly name?: string;
}

/** Not a point, background, foreground, first and second corner of a box. */
const LABELS = 5;

/**
 * Points as random Fourier features of their pixel's centre, plus an embedding by label: SAM's prompt encoder.
 * Sines first, then cosines; a point with the label -1 is its embedding alone.
 *
 * @param coords [n, 2]: x, y
 * @param labels [n]: -1, 0, 1, 2 or 3, as f32
 * @param gaussian [2, F]: frequencies for x and y, in turns; F a multiple of 4
 * @param labelEmbeddings [5, 2 F]: row 0 for the label -1, row 1 for 0, ...
 * @returns [n, 2 F]
 * @throws ShapeError where the shapes do not fit.
 */
export function embedPoints(
  g: Graph,
  coords: Tensor,
  labels: Tensor,
  gaussian: Tensor,
  labelEmbeddings: Tensor,
  { imageSize, scale = 1, name = `embedPoints(${coords.name})` }: EmbedPointsOptions,
): Tensor {
  const points = sizeOf(coords) / 2;
  const frequencies = sizeOf(gaussian) / 2;
  expectShape('embedPoints', coords, [points, 2]);
  expectShape('embedPoints', labels, [points]);
  expectShape('embedPoints', gaussian, [2, frequencies]);
  expectShape('embedPoints', labelEmbeddings, [LABELS, 2 * frequencies]);
  expect(
    frequencies % 4 === 0,
    'embedPoints',
    () => `'${gaussian.name}' [${gaussian.shape}] needs columns that are a multiple of 4`,
  );
  const y = g.tensor(name, [points, 2 * frequencies]);
  g.record(
    kernel,
    { coords, labels, gaussian, embeddings: labelEmbeddings, y },
    { points, frequencies4: frequencies / 4, image_size: imageSize, scale },
    { workgroups: laneGrid(kernel, (points * frequencies) / 4) },
  );
  for (const frozen of [labels, gaussian, labelEmbeddings])
    expect(
      !g.needsGradient(frozen),
      'embedPoints',
      () => `'${frozen.name}' cannot be trained: there is a gradient by the coordinates alone`,
    );
  g.note(EMBED_POINTS, { coords, labels, gaussian, imageSize, scale }, y, [coords]);
  return y;
}
