import { GpuError } from '../errors.ts';
import { bufferUsage, type Gpu } from './device.ts';

/** The first `bytes` of a buffer. */
export interface ReadRange {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** GPUMapMode.READ of the specification. */
const MAP_READ = 0x1;

/** Staging buffers that no read uses now, smallest first. */
const idle = new WeakMap<Gpu, GPUBuffer[]>();

/**
 * Copies ranges to the host with one submit and one mapping, after everything queued so far.
 * @throws GpuError where the device refused anything that led to them: the values would be wrong.
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
  const target = takeStaging(gpu, total);
  try {
    gpu.submit('readback', (encoder) =>
      ranges.forEach(({ buffer, bytes }, i) => {
        encoder.copyBufferToBuffer(buffer, 0, target, offsets[i] ?? 0, Math.ceil(bytes / 4) * 4);
      }),
    );
    const mapped = gpu.judged('readback', () => target.mapAsync(MAP_READ, 0, total));
    // What the device refused is the better explanation of a mapping that failed.
    const [settled, reached] = await Promise.allSettled([gpu.settle(), gpu.guard(mapped)]);
    if (settled.status === 'rejected') throw settled.reason;
    gpu.assertAlive();
    if (reached.status === 'rejected')
      throw new GpuError(`${total} bytes cannot be read back: ${String(reached.reason)}`);
    const copy = target.getMappedRange(0, total).slice(0);
    target.unmap();
    giveBack(gpu, target);
    return ranges.map(({ bytes }, i) => copy.slice(offsets[i] ?? 0, (offsets[i] ?? 0) + bytes));
  } catch (error) {
    target.destroy();
    throw error;
  }
}

/** The first `bytes` of one buffer. */
export async function readBuffer(gpu: Gpu, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const [values = new ArrayBuffer(0)] = await readBuffers(gpu, [{ buffer, bytes }]);
  return values;
}

/** Destroys the staging buffers that are kept for the next read. */
export function releaseReadbacks(gpu: Gpu): void {
  for (const buffer of idle.get(gpu) ?? []) buffer.destroy();
  idle.delete(gpu);
}

/** The smallest that fits. A new one takes the place of the largest, so that there are never more than reads at once. */
function takeStaging(gpu: Gpu, bytes: number): GPUBuffer {
  const kept = idle.get(gpu) ?? [];
  const at = kept.findIndex(({ size }) => size >= bytes);
  const [fitting] = at >= 0 ? kept.splice(at, 1) : [];
  if (fitting) return fitting;
  kept.pop()?.destroy();
  return gpu.createBuffer('readback', bytes, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
}

function giveBack(gpu: Gpu, buffer: GPUBuffer): void {
  const kept = idle.get(gpu) ?? [];
  idle.set(gpu, kept);
  kept.push(buffer);
  kept.sort((a, b) => a.size - b.size);
}
