import { describe, expect, test, vi } from 'vitest';
import { DeviceLostError } from '../../src/errors.ts';
import { type Gpu, requestDevice } from '../../src/gpu/device.ts';
import { variantKey } from '../../src/gpu/pipelines.ts';
import { type Dispatch, Graph, type GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { attention } from '../../src/ops/attention.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { type MatmulEpilogue, matmul } from '../../src/ops/matmul.ts';
import { matmulGrad } from '../../src/ops/matmul-grad.ts';
import { type Contest, contestsOf } from '../../src/tasks/contests.ts';
import { tunedKernels, tuneKernels } from '../../src/tasks/tune.ts';
import type { TuningStore } from '../../src/tasks/types.ts';
import { asHardware } from '../as-hardware.ts';
import { gpuTest } from '../gpu-device.ts';
import { sharedDevice } from '../run-graph.ts';

/** A second is too short on a busy machine without a GPU. */
const LONG = 300_000;

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

const recorded = (build: (g: Graph) => void) => (traits: GraphTraits) => {
  const g = new Graph('one', traits);
  build(g);
  return [g.finish()];
};

/** One class with variants. */
function small(g: Graph, epilogue: MatmulEpilogue = {}) {
  matmul(g, g.external('x', [64, 8]), g.external('w', [8, 16]), epilogue);
}

/** Names of all kernels that are timed of a variant. */
const kernelsOf = (contest: Contest | undefined) =>
  Object.fromEntries(
    [...(contest?.contestants ?? [])].map(([name, all]) => [name, all.map(({ kernel }) => kernel.name)]),
  );

class Kept implements TuningStore {
  text: string | null = null;
  read = async () => this.text;
  write = async (text: string) => {
    this.text = text;
  };
}

/**
 * Has a device's submits take what they should by a clock of the test's own, on which nothing else takes time. The
 * device is slow at first and becomes faster with each ms of load, for longer than anybody waits for it.
 *
 * @param cost milliseconds of a dispatch when the device is at its fastest, by its pipeline's label
 */
function fakeTimes(gpu: Gpu, cost: (label: string) => number): { restore(): void } {
  let now = 0;
  const time = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const submit = vi.spyOn(gpu, 'submit').mockImplementation((_, encode) => {
    let label = '';
    const pass = {
      setPipeline: (pipeline: GPUComputePipeline) => {
        label = pipeline.label;
      },
      setBindGroup: () => {},
      dispatchWorkgroups: () => {
        now += cost(label) * (1 + 4 * Math.exp(-now / 150));
      },
      end: () => {},
    };
    // What an executable asks of an encoder.
    encode({ beginComputePass: () => pass } as unknown as GPUCommandEncoder);
  });
  return {
    restore() {
      time.mockRestore();
      submit.mockRestore();
    },
  };
}

test('classes with a choice are found, the one with the most arithmetic first, each with all its variants', async () => {
  const contests = await contestsOf(GPU, record);
  expect(contests.map(({ sizeClass, contestants }) => [sizeClass, [...contestants.keys()]])).toEqual([
    ['conv2d 64x3x3x16x64 f32', ['tile 32', 'tile 64 8x4', 'tile 64', 'plain']],
    ['matmul 64x64x8 f32', ['split 16', 'split 32', 'tile 32', 'tile 64 8x4', 'plain']],
    ['matmul 64x8x16 f32', ['tile 32', 'tile 64 8x4', 'tile 64', 'plain']],
  ]);
  expect(Object.values(kernelsOf(contests[1]))).toEqual([
    ['matmul_split'],
    ['matmul_split'],
    ['matmul_tile'],
    ['matmul_tile'],
    ['matmul'],
  ]);
});

test('what is timed of a variant is all that it records: chunks are put together, sums added up, terms made first', async () => {
  const [split, positioned, gradient] = await Promise.all(
    [
      (g: Graph) => {
        const [q, kv] = [g.external('q', [9, 32]), g.external('kv', [600, 32])];
        const at = (tensor: Tensor) => ({ tensor, start: 0 });
        attention(g, at(q), at(kv), at(kv), { heads: 2, headDim: 16 });
      },
      (g: Graph) => {
        const qkv = { tensor: g.external('qkv', [8, 8, 16]), start: 0 };
        const [relH, relW] = [g.external('h', [15, 16]), g.external('w', [15, 16])];
        const options = { heads: 1, headDim: 16, map: [8, 8], window: [8, 8] } as const;
        attentionRelpos(g, qkv, qkv, qkv, { ...options, relH, relW });
      },
      (g: Graph) => {
        const w = g.watch(g.external('w', [8, 16]));
        const y = matmul(g, g.external('x', [200, 8]), w);
        g.accumulate(y, () => g.external('dy', y.shape));
        g.backward([matmulGrad]);
      },
    ].map((build) => contestsOf(GPU, recorded(build))),
  );
  expect(kernelsOf(split?.[0])).toMatchObject({
    'tile 16 split': ['attention_tile', 'attention_merge'],
    'tile 16': ['attention_tile'],
    lane: ['attention'],
  });
  expect(kernelsOf(positioned?.[0])).toMatchObject({
    'tile 64': ['relpos_terms', 'attention_relpos_tile'],
    lane: ['attention_relpos'],
  });
  expect(kernelsOf(gradient?.find(({ sizeClass }) => /grad/.test(sizeClass)))).toMatchObject({
    'tile 64': ['matmul_grad_w_tile', 'sum_rows'],
    plain: ['matmul_grad_w'],
  });
});

test('calls of a class that can choose from different variants: one of them is timed, by its own', async () => {
  const record = recorded((g) => {
    for (const rows of [26, 32]) matmul(g, g.external('x', [rows, 256]), g.external('w', [256, 2048]));
  });
  const [contest] = await contestsOf(GPU, record);
  expect(contest?.sizeClass).toBe('matmul 32x256x2048 f32');
  expect(kernelsOf(contest)).toEqual({
    'tile 32': ['matmul_tile'],
    'tile 64 8x4': ['matmul_tile'],
    'tile 64': ['matmul_tile'],
    plain: ['matmul'],
    'split 32': ['matmul_split'],
    'split 16': ['matmul_split'],
  });
  const rows = [...(contest?.contestants.values() ?? [])].flat().map(({ params }) => params['rows']);
  expect(new Set(rows)).toEqual(new Set([32]));
});

test('a fingerprint knows kernels and variants, not the epilogue of the call; another precision is another class', async () => {
  const contest = async (epilogue: MatmulEpilogue, traits: Partial<GraphTraits> = {}) => {
    const record = recorded((g) => small(g, epilogue));
    const [first] = await contestsOf({ ...GPU, ...traits }, record);
    return first;
  };
  const plain = await contest({});
  const gelu = await contest({ activation: 'gelu' });
  expect(gelu?.kernels).toBe(plain?.kernels);
  const half = await contest({}, { compute: 'f16' });
  expect([plain?.sizeClass, half?.sizeClass]).toEqual(['matmul 64x8x16 f32', 'matmul 64x8x16 f32 in f16']);
  expect(half?.kernels).not.toBe(plain?.kernels);
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
    const told: number[][] = [];
    const onProgress = (...counts: number[]) => told.push(counts);
    const first = await tunedKernels(gpu, GPU, record, { store, budget: LONG, onProgress });
    expect(told).toEqual([0, 1, 2, 3].map((done) => [done, 3]));
    expect(first.notes).toEqual([]);
    expect(Object.keys(first.tuned)).toHaveLength(3);
    for (const name of Object.values(first.tuned))
      expect(name).toMatch(/^(split (32|16)|tile (32|64|64 8x4)|plain)$/);

    const before = gpu.created.submits;
    expect(await tunedKernels(gpu, GPU, record, { store, budget: LONG, onProgress })).toEqual({
      tuned: first.tuned,
      notes: [],
    });
    expect(gpu.created.submits).toBe(before);
    expect(told).toHaveLength(4);
  });

  gpuTest(
    'what another device left stays; what another engine or nobody wrote is timed again',
    async (source) => {
      const gpu = await sharedDevice(source);
      const store = new Kept();
      const kernels = recorded(small);
      const { tuned } = await tunedKernels(gpu, GPU, kernels, { store, budget: LONG });
      const { devices }: { devices: Record<string, object> } = JSON.parse(store.text ?? '');
      const [[device = '', own] = []] = Object.entries(devices);
      const [sizeClass = ''] = Object.keys(tuned);
      const damaged = 'what was tuned before is damaged or of another version: it is timed again now';
      const only = (classes: object) => JSON.stringify({ devices: { [device]: classes } });
      const texts: [text: string, ...notes: string[]][] = [
        [JSON.stringify({ devices: { another: own } })],
        // A new version of the engine is no news.
        [only({ [sizeClass]: { variant: 'plain', kernels: 'of another engine' } })],
        [only({ [sizeClass]: 'plain' })],
        [JSON.stringify({ device, tuned: own }), damaged],
        ['{"devices":', damaged],
        ['7', damaged],
        ['', damaged],
      ];
      for (const [text, ...notes] of texts) {
        store.text = text;
        const before = gpu.created.submits;
        const again = await tunedKernels(gpu, GPU, kernels, { store, budget: LONG });
        expect(Object.keys(again.tuned)).toContain(sizeClass);
        expect(again.notes).toEqual(notes);
        expect(gpu.created.submits).toBeGreaterThan(before);
        expect(store.text).toContain(device);
        if (text.includes('another"')) expect(JSON.parse(store.text ?? '').devices.another).toEqual(own);
      }
    },
  );

  gpuTest('what one GPU of a driver was tuned to is not taken on another', async (source) => {
    const gpu = await requestDevice({ gpu: source });
    const store = new Kept();
    const kernels = recorded(small);
    for (const device of ['one', 'another']) {
      Object.assign(gpu.adapter, { device });
      await tunedKernels(gpu, GPU, kernels, { store, budget: LONG });
    }
    const { devices }: { devices: Record<string, object> } = JSON.parse(store.text ?? '');
    expect(Object.keys(devices)).toHaveLength(2);
    gpu.close('done');
  });

  gpuTest('a store that fails costs the next visit a second, and is told', async (source) => {
    const gpu = await sharedDevice(source);
    const full: TuningStore = {
      read: async () => null,
      write: () => Promise.reject(new Error('there is no room')),
    };
    const { tuned, notes } = await tunedKernels(gpu, GPU, recorded(small), { store: full, budget: LONG });
    expect(Object.keys(tuned).length).toBeGreaterThan(0);
    expect(notes).toEqual([
      'what was tuned could not be kept (there is no room): it is timed again next time',
    ]);
  });

  gpuTest(
    'a device that becomes faster while it is timed favours no contestant by its place',
    async (source) => {
      const gpu = await requestDevice({ gpu: asHardware(source) });
      const [contest] = await contestsOf(GPU, recorded(small));
      if (!contest) throw new Error('no contest');
      const kernels = [...contest.contestants].map(([name, [call]]) => {
        if (!call) throw new Error(`${name} records nothing`);
        return [name, variantKey(call.kernel, call.tuning)] as const;
      });
      const fastest = async (least: string | undefined) => {
        const times = fakeTimes(gpu, (label) => (label === least ? 0.09 : 0.1));
        try {
          // Another class goes first: what is timed is timed in the middle of it.
          const contests = [{ ...contest, sizeClass: 'the first' }, contest];
          const { tuned } = await tuneKernels(gpu, contests);
          expect(tuned['the first']).toBe(tuned[contest.sizeClass]);
          return tuned[contest.sizeClass];
        } finally {
          times.restore();
        }
      };
      for (const [name, key] of kernels) expect(await fastest(key)).toBe(name);
      expect(await fastest(undefined)).toBe(kernels[0]?.[0]);
      gpu.close('done');
    },
  );

  gpuTest('no time, no choice; a cancelled tuning stops', async (source) => {
    const gpu = await sharedDevice(source);
    expect(await tuneKernels(gpu, await contestsOf(GPU, record), { budget: 0 })).toEqual({
      tuned: {},
      notes: [],
    });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tuneKernels(gpu, await contestsOf(GPU, record), { signal })).rejects.toThrow('enough');
  });

  gpuTest(
    'a variant that the device refuses is left out and told; the next is not blamed',
    async (source) => {
      const gpu = await sharedDevice(source);
      const [contest] = await contestsOf(GPU, recorded(small));
      const [[usual = '', [call] = []] = []] = contest?.contestants ?? [];
      if (!contest || !call) throw new Error('no contest');
      const broken = [
        { ...call, kernel: { ...call.kernel, name: 'broken', code: 'fn main() { nonsense }' } },
      ];
      const [w, ...others] = call.operands as [Tensor, ...Tensor[]];
      const large = [{ ...call, operands: [{ ...w, shape: [2 ** 40] }, ...others] }];
      const tune = (...contestants: (readonly [string, readonly Dispatch[]])[]) => {
        const one = { ...contest, contestants: new Map(contestants) };
        return tuneKernels(gpu, [one, { ...contest, sizeClass: 'the next' }], { budget: LONG });
      };
      const refused = await tune([usual, [call]], ['broken', broken], ['large', large]);
      expect(refused.tuned).toEqual({ [contest.sizeClass]: usual, 'the next': expect.any(String) });
      expect(refused.notes).toEqual([
        expect.stringMatching(
          /^variants of kernels failed here and are not used: 'broken' of 'matmul .*' \(kernel broken.* and 1 more$/,
        ),
      ]);
      const none = await tune(['broken', broken], [usual, [call]]);
      expect(Object.keys(none.tuned)).toEqual(['the next']);
      expect(none.notes).toHaveLength(1);
      await gpu.settle();
    },
  );

  gpuTest('a device that is lost ends it', async (source) => {
    const gpu = await requestDevice({ gpu: source });
    const contests = await contestsOf(GPU, recorded(small));
    const onProgress = () => gpu.close('gone');
    await expect(tuneKernels(gpu, contests, { budget: LONG, onProgress })).rejects.toThrow(DeviceLostError);
  });
});
