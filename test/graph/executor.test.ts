import { describe, expect, test } from 'vitest';
import { DeviceLostError, GpuError } from '../../src/errors.ts';
import { add } from '../../src/generated/kernels.ts';
import { type Gpu, requestDevice } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { BufferPool } from '../../src/gpu/pool.ts';
import { readBuffer } from '../../src/gpu/readback.ts';
import { Graph, type Recording } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { compile } from '../../src/graph/program.ts';
import { bytesOf, type Tensor } from '../../src/graph/tensor.ts';
import { gpuTest } from '../gpu-device.ts';
import { chain, recordAdd } from './toy.ts';

/** Binds a recording of one external `x` and one output to buffers of `gpu`. */
async function prepare(gpu: Gpu, recording: Recording, pool = new BufferPool(gpu)) {
  const own = new Map<Tensor, GPUBuffer>();
  const bound = (tensor: Tensor) => {
    if (tensor.kind === 'activation' && !recording.outputs.has(tensor)) return undefined;
    const buffer = own.get(tensor) ?? gpu.createStorage(tensor.name, bytesOf(tensor));
    own.set(tensor, buffer);
    return { buffer };
  };
  const workspace = { gpu, pipelines: new PipelineCache(gpu), pool };
  const program = await compile(workspace, recording, plan(recording), bound);
  const [x] = [...own].find(([tensor]) => tensor.kind === 'external') ?? [];
  const [y] = recording.outputs.keys();
  if (!x || !y) throw new Error('the recording lacks x or y');
  const feed = (values: readonly number[]) =>
    gpu.write(program.bindingOf(x).buffer, Float32Array.from(values));
  const read = async () => new Float32Array(await readBuffer(gpu, program.bindingOf(y).buffer, bytesOf(y)));
  return { ...program, feed, read };
}

/** y = 2^count x, with so much declared arithmetic a step. */
function costly(count: number, flops: number): Recording {
  const g = new Graph('costly');
  let last = g.external('x', [4]);
  for (let i = 0; i < count; i++) last = recordAdd(g, last, last, g.tensor(`y${i}`, [4]), flops);
  g.output(last, 'y');
  return g.finish();
}

/** A device of the test's own: what it refuses must not reach others. */
function deviceTest(name: string, run: (gpu: Gpu) => Promise<void>): void {
  gpuTest(name, async (webgpu) => {
    const gpu = await requestDevice({ gpu: webgpu });
    try {
      await run(gpu);
    } finally {
      gpu.device.destroy();
    }
  });
}

describe('executor', () => {
  deviceTest('replays with other values and makes nothing for it', async (gpu) => {
    const { executable, feed, read } = await prepare(gpu, chain(Array(5).fill(8)).g.finish());
    feed([1, 2, 3, 4, 5, 6, 7, 8]);
    await executable.run();
    expect([...(await read())]).toEqual([32, 64, 96, 128, 160, 192, 224, 256]);
    const { submits, ...made } = gpu.created;
    feed(Array(8).fill(-1));
    await executable.run();
    expect([...(await read())]).toEqual(Array(8).fill(-32));
    const { submits: after, ...madeAfter } = gpu.created;
    expect(madeAfter).toEqual(made);
    // One of the stage and one of the read-back.
    expect(after - submits).toBe(2);
  });

  // A software adapter gets 4 GFLOP in its first submit, and in the others what the first one's time allows (test/gpu/pace).
  for (const [count, flops, least, most] of [
    [6, 0, 1, 1],
    [6, 0.5e9, 1, 1],
    [4, 1.5e9, 2, 3],
    [3, 3e9, 2, 3],
    [3, 9e9, 2, 3],
  ] as const)
    deviceTest(
      `${count} dispatches of ${flops / 1e9} GFLOP take ${least} to ${most} submits, with the same result`,
      async (gpu) => {
        expect(gpu.traits.cpu).toBe(true);
        const { executable, feed, read } = await prepare(gpu, costly(count, flops));
        feed([1, 2, 3, 4]);
        const before = gpu.created.submits;
        const progress: number[] = [];
        await executable.run({ onProgress: (done) => progress.push(done) });
        const submits = gpu.created.submits - before;
        expect(submits).toBeGreaterThanOrEqual(least);
        expect(submits).toBeLessThanOrEqual(most);
        // The end of a stage is its caller's to tell.
        expect(progress).toHaveLength(submits - 1);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
        for (const done of progress) expect(done > 0 && done < 1).toBe(true);
        expect([...(await read())]).toEqual([1, 2, 3, 4].map((value) => value * 2 ** count));
      },
    );

  deviceTest('a cut stage stops between submits when it is cancelled', async (gpu) => {
    const { executable } = await prepare(gpu, costly(3, 9e9));
    const controller = new AbortController();
    const before = gpu.created.submits;
    const running = executable.run({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(gpu.created.submits - before).toBe(1);
  });

  deviceTest(
    'a profile names every dispatch by what it makes, with its arithmetic and traffic',
    async (gpu) => {
      const { executable } = await prepare(gpu, costly(2, 7));
      const entries = await executable.profile();
      expect(entries.map(({ name, flops, bytes }) => [name, flops, bytes])).toEqual([
        ['y0', 7, 32],
        ['y1', 7, 32],
      ]);
      for (const { kernel, ms } of entries) {
        expect(kernel).toBe('add');
        expect(Number.isNaN(ms) || ms >= 0).toBe(true);
      }
    },
  );

  deviceTest('a tensor without a buffer is named', async (gpu) => {
    const recording = costly(1, 0);
    const workspace = { gpu, pipelines: new PipelineCache(gpu), pool: new BufferPool(gpu) };
    await expect(compile(workspace, recording, plan(recording), () => undefined)).rejects.toThrow(
      "recording 'costly': nothing is bound to 'x'",
    );
  });
});

describe('what the device refuses is an error of the call that gave it', () => {
  deviceTest('one buffer read and written in a dispatch', async (gpu) => {
    const recording = costly(1, 0);
    const workspace = { gpu, pipelines: new PipelineCache(gpu), pool: new BufferPool(gpu) };
    const one = gpu.createStorage('one', 16);
    const { executable } = await compile(workspace, recording, plan(recording), () => ({ buffer: one }));
    await executable.run();
    await expect(readBuffer(gpu, one, 16)).rejects.toThrow(GpuError);
    // It was told once; the device lives on.
    const { executable: good, feed, read } = await prepare(gpu, recording);
    feed([1, 2, 3, 4]);
    await good.run();
    expect([...(await read())]).toEqual([2, 4, 6, 8]);
  });

  deviceTest('a buffer of another usage in a bind group is named by what it should hold', async (gpu) => {
    const recording = costly(1, 0);
    const workspace = { gpu, pipelines: new PipelineCache(gpu), pool: new BufferPool(gpu) };
    const wrong = gpu.createBuffer('wrong', 16, 0x8);
    await compile(workspace, recording, plan(recording), () => ({ buffer: wrong }));
    await expect(gpu.settle()).rejects.toThrow(/^y0: the GPU refused it/);
    await expect(gpu.settle()).resolves.toBeUndefined();
  });

  deviceTest('a kernel that needs a feature which the device lacks', async (gpu) => {
    const feature: GPUFeatureName = 'texture-compression-astc';
    const compiled = new PipelineCache(gpu).compile({ ...add, features: [feature] }, {});
    await expect(compiled).rejects.toThrow(
      `kernel add needs ${feature}, but this device was requested without`,
    );
  });

  deviceTest('a buffer that the limits do not allow, with its label and size', async (gpu) => {
    const bytes = gpu.device.limits.maxBufferSize + 4;
    expect(() => gpu.createStorage('huge', bytes)).toThrow(GpuError);
    expect(() => gpu.createStorage('huge', bytes)).toThrow(`buffer 'huge' needs ${bytes} bytes`);
  });

  deviceTest('an error that no call asked about surfaces at the next one', async (gpu) => {
    // Behind the engine's back, as a bug of ours would be.
    gpu.device.createBuffer({ label: 'nonsense', size: 16, usage: 0x1 | 0x80 });
    await gpu.device.queue.onSubmittedWorkDone();
    const { executable, read } = await prepare(gpu, costly(1, 0));
    await executable.run();
    await expect(read()).rejects.toThrow(/the GPU refused a command/);
  });

  deviceTest('a closed device says so, at once', async (gpu) => {
    const { executable } = await prepare(gpu, costly(1, 0));
    gpu.close('over');
    await expect(executable.run()).rejects.toThrow(DeviceLostError);
    expect(() => gpu.createStorage('late', 16)).toThrow('over');
  });
});

describe('BufferPool', () => {
  deviceTest(
    'gives each size its own buffer, the smallest that fits, and makes only what is missing',
    async (gpu) => {
      const pool = new BufferPool(gpu);
      const first = pool.take([64, 256, 128]);
      expect(first.map(({ size }) => size)).toEqual([64, 256, 128]);
      expect(new Set(first).size).toBe(3);
      const made = gpu.created.buffers;
      expect(pool.take([100, 10])).toEqual([first[2], first[0]]);
      expect(pool.take([256, 128, 64])).toEqual([first[1], first[2], first[0]]);
      expect(gpu.created.buffers).toBe(made);
      const more = pool.take([64, 64, 64, 64]);
      expect(new Set(more).size).toBe(4);
      expect(gpu.created.buffers).toBe(made + 1);
      expect([pool.bytes, pool.largest]).toEqual([64 + 256 + 128 + 64, 256]);
      pool.dispose();
      expect([pool.bytes, pool.largest]).toEqual([0, 0]);
    },
  );

  deviceTest('two stages that never run at the same time share it', async (gpu) => {
    const pool = new BufferPool(gpu);
    const [long, short] = [chain(Array(6).fill(64)).g.finish(), chain(Array(3).fill(32)).g.finish()];
    await prepare(gpu, long, pool);
    const { bytes } = pool;
    await prepare(gpu, short, pool);
    expect(pool.bytes).toBe(bytes);
    expect(bytes).toBe(plan(long).slotBytes.reduce((sum, size) => sum + size, 0));
  });
});

test('labels of buffers in the pool tell them apart', async () => {
  // Named here, because the validator's messages name nothing else.
  const { BufferPool: Pool } = await import('../../src/gpu/pool.ts');
  const labels: string[] = [];
  const fake = { createStorage: (label: string, size: number) => ({ label: labels.push(label), size }) };
  new Pool(fake as unknown as Gpu).take([16, 16, 16]);
  expect(new Set(labels).size).toBe(3);
});
