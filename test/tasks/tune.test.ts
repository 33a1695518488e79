import { describe, expect, test } from 'vitest';
import { Graph, type GraphTraits } from '../../src/graph/graph.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { contestsOf, tunedKernels, tuneKernels } from '../../src/tasks/tune.ts';
import type { TuningStore } from '../../src/tasks/types.ts';
import { gpuTest } from '../gpu-device.ts';
import { sharedDevice } from '../run-graph.ts';

/** A second is too short on a busy machine without a GPU. */
const LONG = 60_000;

/** A GPU's choices, which SwiftShader can run as well. */
const GPU: GraphTraits = { cpu: false, subgroups: false };

function record(traits: GraphTraits) {
  const g = new Graph('small', traits);
  const weight = (name: string, shape: readonly number[]) =>
    g.parameter(name, shape, [], () => new Float32Array());
  const x = matmul(g, g.external('x', [6, 8, 8]), weight('w', [8, 16]));
  const wide = conv2d(g, x, weight('kernel', [3, 3, 16, 64]), { stride: 1, padding: 1 });
  g.output(matmul(g, wide, weight('v', [64, 8])), 'y');
  return [g.finish()];
}

class Kept implements TuningStore {
  text: string | null = null;
  read = async () => this.text;
  write = async (text: string) => {
    this.text = text;
  };
}

test('classes with a choice are found, the one with the most arithmetic first, each with all its variants', async () => {
  const contests = await contestsOf(GPU, record);
  expect(contests.map(({ sizeClass, contestants }) => [sizeClass, [...contestants.keys()]])).toEqual([
    ['conv2d 64x3x3x16x64 f32', ['tile 32', 'tile 64', 'plain']],
    ['matmul 64x64x8 f32', ['split 16', 'split 32', 'tile 32', 'plain']],
    ['matmul 64x8x16 f32', ['tile 32', 'tile 64', 'plain']],
  ]);
  const kernels = contests.map(({ contestants }) =>
    [...contestants.values()].map(({ kernel }) => kernel.name),
  );
  expect(kernels[1]).toEqual(['matmul_split', 'matmul_split', 'matmul_tile', 'matmul']);
});

test('a tuned class takes its variant, another class and an unknown name the default', () => {
  const tuned = { 'matmul 64x64x8 f32': 'plain', 'matmul 64x8x16 f32': 'none of ours' };
  const [recording] = record({ ...GPU, tuned });
  expect(recording?.dispatches.map(({ kernel }) => kernel.name)).toEqual([
    'matmul_tile',
    'conv2d_tile',
    'matmul',
  ]);
});

describe('tuning on a device', () => {
  gpuTest('times what is not known, keeps it, and times nothing the next time', async (source) => {
    const gpu = await sharedDevice(source);
    const store = new Kept();
    const first = await tunedKernels(gpu, GPU, record, { store, budget: LONG });
    expect(first.notes).toEqual([]);
    expect(Object.keys(first.tuned)).toHaveLength(3);
    for (const name of Object.values(first.tuned))
      expect(['split 32', 'split 16', 'tile 32', 'tile 64', 'plain']).toContain(name);

    const before = gpu.created.submits;
    expect(await tunedKernels(gpu, GPU, record, { store, budget: LONG })).toEqual({
      tuned: first.tuned,
      notes: [],
    });
    expect(gpu.created.submits).toBe(before);
  });

  gpuTest('what another device, another engine or nobody wrote is timed again', async (source) => {
    const gpu = await sharedDevice(source);
    const store = new Kept();
    const { tuned } = await tunedKernels(gpu, GPU, record, { store, budget: LONG });
    const own = JSON.parse(store.text ?? '') as { device: string; tuned: Record<string, object> };
    const [sizeClass = ''] = Object.keys(tuned);
    const damaged = 'what was tuned before is damaged: it is timed again now';
    const texts: [text: string, ...notes: string[]][] = [
      [
        JSON.stringify({ ...own, device: 'another' }),
        `what was tuned before was tuned on 'another', this is '${own.device}': it is timed again now`,
      ],
      // A new version of the engine is no news.
      [
        JSON.stringify({
          ...own,
          tuned: { [sizeClass]: { variant: 'plain', kernels: 'of another engine' } },
        }),
      ],
      [JSON.stringify({ ...own, tuned: { [sizeClass]: 'plain' } })],
      ['{"device":', damaged],
      ['7', damaged],
      ['', damaged],
    ];
    for (const [text, ...notes] of texts) {
      store.text = text;
      const before = gpu.created.submits;
      const again = await tunedKernels(gpu, GPU, record, { store, budget: LONG });
      expect(Object.keys(again.tuned)).toContain(sizeClass);
      expect(again.notes).toEqual(notes);
      expect(gpu.created.submits).toBeGreaterThan(before);
      expect(store.text).toContain(own.device);
    }
  });

  gpuTest('a store that fails costs the next visit a second, and is told', async (source) => {
    const gpu = await sharedDevice(source);
    const full: TuningStore = {
      read: async () => null,
      write: () => Promise.reject(new Error('there is no room')),
    };
    const { tuned, notes } = await tunedKernels(gpu, GPU, record, { store: full, budget: LONG });
    expect(Object.keys(tuned).length).toBeGreaterThan(0);
    expect(notes).toEqual([
      'what was tuned could not be kept (there is no room): it is timed again next time',
    ]);
  });

  gpuTest('no time, no choice; a cancelled tuning stops', async (source) => {
    const gpu = await sharedDevice(source);
    expect(await tuneKernels(gpu, await contestsOf(GPU, record), { budget: 0 })).toEqual({});
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tuneKernels(gpu, await contestsOf(GPU, record), { signal })).rejects.toThrow('enough');
  });
});
