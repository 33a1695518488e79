import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { embedPoints } from '../../src/ops/embed-points.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';
import { at } from './definitions.ts';

interface Points {
  readonly coords: Float32Array;
  readonly labels: Float32Array;
  readonly gaussian: Float32Array;
  readonly embeddings: Float32Array;
}

/** The definition: SAM's prompt encoder, in f64 and with a sine of any argument. */
function embedded(
  { coords, labels, gaussian, embeddings }: Points,
  imageSize: number,
  scale: number,
): number[] {
  const frequencies = gaussian.length / 2;
  return [...labels].flatMap((label, n) => {
    const [x, y] = [0, 1].map((i) => (2 * (at(coords, 2 * n + i) * scale + 0.5)) / imageSize - 1) as [
      number,
      number,
    ];
    const angles = Array.from(
      { length: frequencies },
      (_, f) => 2 * Math.PI * (x * at(gaussian, f) + y * at(gaussian, frequencies + f)),
    );
    const features = [...angles.map(Math.sin), ...angles.map(Math.cos)];
    return features.map((v, c) => (label === -1 ? 0 : v) + at(embeddings, (label + 1) * 2 * frequencies + c));
  });
}

async function run(gpu: GPU, points: Points, imageSize: number, scale?: number): Promise<Float32Array> {
  const [count, frequencies] = [points.labels.length, points.gaussian.length / 2];
  const [y] = await runGraph(gpu, (g, feed) =>
    embedPoints(
      g,
      feed('coords', [count, 2], points.coords),
      feed('labels', [count], points.labels),
      feed('gaussian', [2, frequencies], points.gaussian),
      feed('embeddings', [5, 2 * frequencies], points.embeddings),
      scale === undefined ? { imageSize } : { imageSize, scale },
    ),
  );
  return y ?? new Float32Array();
}

/** Points all over (and somewhat outside of) a picture, with labels in turn. */
const scattered = (count: number, frequencies: number, side: number): Points => ({
  coords: randomValues(count * 2, 1).map((v) => (v * 0.6 + 0.5) * side),
  labels: Float32Array.from({ length: count }, (_, n) => (n % 5) - 1),
  gaussian: randomValues(2 * frequencies, 2).map((v) => v * 3),
  embeddings: randomValues(5 * 2 * frequencies, 3),
});

const tolerance = { rtol: 2 ** -20, atol: 1e-5, why: 'up to 6 turns, each rounded by 4 * 2^-24, times 2 pi' };

describe('embedPoints', () => {
  for (const [count, frequencies] of [
    [1, 4],
    [5, 128],
    [16, 16],
    [17, 16],
    [67, 128],
  ] as const)
    gpuTest(`${count} points in pixels, ${frequencies} frequencies`, async (gpu) => {
      const points = scattered(count, frequencies, 1024);
      expectClose('y', await run(gpu, points, 1024), embedded(points, 1024, 1), tolerance);
    });

  gpuTest('coordinates in 0..1, scaled to pixels', async (gpu) => {
    const points = scattered(10, 128, 1);
    expectClose('y', await run(gpu, points, 256, 256), embedded(points, 256, 256), tolerance);
  });

  gpuTest('angles of hundreds lose nothing', async (gpu) => {
    // The place is exactly (1, 0), so that the turns are the frequencies: what is left is the sine.
    const points: Points = {
      coords: Float32Array.of(1.5, 0.5),
      labels: Float32Array.of(1),
      gaussian: randomValues(512, 4).map((v) => v * 100),
      embeddings: new Float32Array(5 * 512),
    };
    const sine = {
      rtol: 0,
      atol: 2 ** -22,
      why: 'a reduced angle of 0.8 and a sine of 1 are rounded by 2^-24',
    };
    expectClose('y', await run(gpu, points, 2), embedded(points, 2, 1), sine);
  });

  it('names the tensor whose shape is wrong', () => {
    const g = new Graph('test');
    const [coords, labels] = [g.tensor('coords', [3, 2]), g.tensor('labels', [2])];
    const [gaussian, embeddings] = [g.tensor('gaussian', [2, 8]), g.tensor('embeddings', [5, 16])];
    expect(() => embedPoints(g, coords, labels, gaussian, embeddings, { imageSize: 64 })).toThrow(
      "embedPoints: 'labels' has shape [2], expected [3]",
    );
  });
});
