import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { embedPoints } from '../../src/ops/embed-points.ts';
import { embedPointsGrad } from '../../src/ops/embed-points-grad.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from './definitions.ts';
import { expectGradient } from './gradient.ts';

describe('gradient of embedPoints', () => {
  // Points below, at and above a workgroup of 16, with labels in turn; coordinates in pixels and in 0..1.
  for (const [count, frequencies, imageSize, scale] of [
    [1, 4, 64, 1],
    [5, 128, 1024, 1],
    [16, 16, 256, 256],
    [17, 16, 1024, 1024],
    [67, 4, 128, 1],
  ] as const)
    gpuTest(
      `${count} points, ${frequencies} frequencies, ${imageSize} pixels, scale ${scale}`,
      async (gpu) => {
        const side = imageSize / scale;
        await expectGradient(gpu, {
          inputs: {
            coords: {
              shape: [count, 2],
              values: randomValues(count * 2, 1).map((v) => (v * 0.6 + 0.5) * side),
            },
            labels: {
              shape: [count],
              values: Float32Array.from({ length: count }, (_, n) => ((n + 4) % 5) - 1),
              frozen: true,
            },
            gaussian: {
              shape: [2, frequencies],
              values: randomValues(2 * frequencies, 2).map((v) => v * 3),
              frozen: true,
            },
            embeddings: {
              shape: [5, 2 * frequencies],
              values: randomValues(10 * frequencies, 3),
              frozen: true,
            },
          },
          record: (g, { coords, labels, gaussian, embeddings }) =>
            embedPoints(g, coords, labels, gaussian, embeddings, { imageSize, scale }),
          definition: ({ coords, labels, gaussian, embeddings }) =>
            [...labels].flatMap((label, n) => {
              const [x, y] = [0, 1].map(
                (i) => (2 * (at(coords, 2 * n + i) * scale + 0.5)) / imageSize - 1,
              ) as [number, number];
              const angles = Array.from(
                { length: frequencies },
                (_, f) => 2 * Math.PI * (x * at(gaussian, f) + y * at(gaussian, frequencies + f)),
              );
              return [...angles.map(Math.sin), ...angles.map(Math.cos)].map(
                (v, c) => (label === -1 ? 0 : v) + at(embeddings, (label + 1) * 2 * frequencies + c),
              );
            }),
          derivatives: [embedPointsGrad],
          limit: 1e-4,
        });
      },
    );

  it('says that embeddings cannot be trained', () => {
    const g = new Graph('test');
    const embeddings = g.watch(g.tensor('embeddings', [5, 16]));
    const [coords, labels, gaussian] = [g.tensor('c', [3, 2]), g.tensor('l', [3]), g.tensor('f', [2, 8])];
    expect(() => embedPoints(g, coords, labels, gaussian, embeddings, { imageSize: 64 })).toThrow(
      "embedPoints: 'embeddings' cannot be trained",
    );
  });
});
