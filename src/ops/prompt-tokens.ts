import { promptTokens as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import { expectShape, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { EmbedPointsOptions } from './embed-points.ts';
import { laneGrid } from './lane-grid.ts';

/** What `embedPoints` reads; see there. */
export interface PointPrompts {
  readonly coords: Tensor;
  readonly labels: Tensor;
  readonly gaussian: Tensor;
  readonly labelEmbeddings: Tensor;
}

/**
 * Own tokens [rows, 2 F] with those of points below them, in one dispatch.
 *
 * @returns `tokens` [rows + n, 2 F] and the points' alone, `sparse` [n, 2 F], as `embedPoints` makes them
 * @throws ShapeError where the shapes do not fit.
 */
export function promptTokens(
  g: Graph,
  own: Tensor,
  { coords, labels, gaussian, labelEmbeddings }: PointPrompts,
  { imageSize, scale = 1, name = `promptTokens(${coords.name})` }: EmbedPointsOptions,
): { readonly tokens: Tensor; readonly sparse: Tensor } {
  const points = sizeOf(labels);
  const frequencies = sizeOf(gaussian) / 2;
  const [ownRows = 0] = own.shape;
  expectShape('promptTokens', own, [-1, 2 * frequencies]);
  expectShape('promptTokens', coords, [points, 2]);
  expectShape('promptTokens', gaussian, [2, 4 * Math.ceil(frequencies / 4)]);
  expectShape('promptTokens', labelEmbeddings, [5, 2 * frequencies]);
  const sparse = g.tensor(`sparse(${name})`, [points, 2 * frequencies]);
  const y = g.tensor(name, [ownRows + points, 2 * frequencies]);
  g.record(
    kernel,
    { own, coords, labels, gaussian, embeddings: labelEmbeddings, sparse, y },
    { own_rows: ownRows, points, frequencies4: frequencies / 4, image_size: imageSize, scale },
    { workgroups: laneGrid(kernel, ((ownRows + points) * frequencies) / 4) },
  );
  return { tokens: y, sparse };
}
