import { bufferUsage, type Gpu } from './device.ts';

/** The first `bytes` of a buffer. */
export interface ReadRange {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** GPUMapMode.READ of the specification. */
const MAP_READ = 0x1;

const staging = new WeakMap<Gpu, GPUBuffer[]>();

/**
 * Copies ranges to the host with one submit and one mapping, after everything queued so far.
 * Staging buffers are kept for the next call.
 */
export async function readBuffers(gpu: Gpu, ranges: readonly ReadRange[]): Promise<ArrayBuffer[]> {
  gpu.assertAlive();
  // Copies and mappings start at multiples of 8 bytes.
  const offsets: number[] = [];
  let total = 0;
  for (const { bytes } of ranges) {
    offsets.push(total);
    total += Math.ceil(bytes / 8) * 8;
  }
  const idle = staging.get(gpu) ?? [];
  staging.set(gpu, idle);
  const at = idle.findIndex((candidate) => candidate.size >= total);
  const [reused] = at >= 0 ? idle.splice(at, 1) : [];
  const target = reused ?? gpu.createBuffer('readback', total, bufferUsage.MAP_READ | bufferUsage.COPY_DST);

  const encoder = gpu.device.createCommandEncoder({ label: 'readback' });
  ranges.forEach(({ buffer, bytes }, i) => {
    encoder.copyBufferToBuffer(buffer, 0, target, offsets[i] ?? 0, Math.ceil(bytes / 4) * 4);
  });
  gpu.submit(encoder.finish());
  await gpu.guard(target.mapAsync(MAP_READ, 0, total));
  gpu.assertAlive();
  const copy = target.getMappedRange(0, total).slice(0);
  target.unmap();
  idle.push(target);
  return ranges.map(({ bytes }, i) => copy.slice(offsets[i] ?? 0, (offsets[i] ?? 0) + bytes));
}

/** The first `bytes` of one buffer. */
export async function readBuffer(gpu: Gpu, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const [values = new ArrayBuffer(0)] = await readBuffers(gpu, [{ buffer, bytes }]);
  return values;
}
