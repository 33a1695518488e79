import { expect } from 'vitest';
import { GpuError } from '../../src/errors.ts';
import { Gpu } from '../../src/gpu/device.ts';
import { type ReadRange, readBuffers, releaseReadbacks } from '../../src/gpu/readback.ts';
import { gpuTest } from '../gpu-device.ts';
import { countedDevice } from '../tasks/counted-gpu.ts';

gpuTest(
  'what passes the largest buffer is read in parts, with one submit, and no part is left',
  async (webgpu) => {
    const { device, counts } = await countedDevice(webgpu);
    const gpu = new Gpu(device);
    const wordsOf = [16, 5, 7, 1, 16, 2];
    const ranges = wordsOf.map((words, i): ReadRange => {
      const buffer = gpu.createStorage(`source ${i}`, 4 * words);
      gpu.write(
        buffer,
        Uint32Array.from({ length: words }, (_, at) => 100 * i + at),
      );
      return { buffer, bytes: 4 * words };
    });
    const long = { buffer: gpu.createStorage('long', 80), bytes: 80 };
    const alive = counts.buffers;
    const read = async (some: readonly ReadRange[]) =>
      (await readBuffers(gpu, some)).map((bytes) => [...new Uint32Array(bytes)]);
    const whole = await read(ranges);
    expect(whole.map((words) => words.length)).toEqual(wordsOf);
    expect(whole[2]).toEqual([200, 201, 202, 203, 204, 205, 206]);
    expect(counts.buffers).toBe(alive + 1);
    releaseReadbacks(gpu);

    // Parts of 64, 24 + 32 + 8, and 64 bytes, and what is left.
    Object.defineProperty(device, 'limits', { value: { maxBufferSize: 64 } });
    const { submits } = gpu.created;
    expect(await read(ranges)).toEqual(whole);
    expect(gpu.created.submits - submits).toBe(1);
    expect(counts.buffers).toBe(alive + 4);
    counts.made = 0;
    expect(await read(ranges)).toEqual(whole);
    expect(counts.made).toBe(0);

    // A part that is refused takes the others along, whether it cannot be copied or cannot be.
    await expect(read([...ranges.slice(0, 4), { ...ranges[5], bytes: 64 } as ReadRange])).rejects.toThrow(
      /^readback: the GPU refused it/,
    );
    releaseReadbacks(gpu);
    expect(counts.buffers).toBe(alive);
    await expect(read([...ranges, long])).rejects.toThrow(GpuError);
    expect(counts.buffers).toBe(alive);
    expect(await read(ranges)).toEqual(whole);
    gpu.close('done');
    device.destroy();
  },
);
