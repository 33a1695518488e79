import { embedPointsGrad as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { sizeOf } from '../graph/tensor.ts';
import { EMBED_POINTS } from './embed-points.ts';
import { laneGrid } from './lane-grid.ts';

/** The gradient of `embedPoints` by the coordinates, in their own units: `scale` is in it. */
export const embedPointsGrad = derivativeOf(EMBED_POINTS, (g, call, dy) => {
  const { coords, labels, gaussian, imageSize, scale } = call;
  const points = sizeOf(labels);
  g.accumulate(coords, (sum) => {
    const dcoords = g.tensor(`grad(${coords.name})`, coords.shape);
    g.record(
      kernel,
      { coords, labels, gaussian, dy, before: sum ?? coords, dcoords },
      { points, frequencies4: sizeOf(gaussian) / 8, image_size: imageSize, scale },
      { workgroups: laneGrid(kernel, points), tuning: { ADD: sum ? 1 : 0 } },
    );
    return dcoords;
  });
});
