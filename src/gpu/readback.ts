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

/** Ranges that are read through one staging buffer. */
interface Group {
  readonly parts: { readonly range: ReadRange; readonly offset: number }[];
  bytes: number;
}

/**
 * Copies ranges to the host with one submit, after everything queued so far, and with one mapping where a buffer may hold
 * all of them.
 * @throws GpuError where the device refused anything that led to them: the values would be wrong.
 */
export async function readBuffers(gpu: Gpu, ranges: readonly ReadRange[]): Promise<ArrayBuffer[]> {
  gpu.assertAlive();
  const targets: GPUBuffer[] = [];
  try {
    const staged = groupsOf(ranges, gpu.device.limits.maxBufferSize).map((group) => {
      const target = takeStaging(gpu, group.bytes);
      targets.push(target);
      return { ...group, target };
    });
    gpu.submit('readback', (encoder) => {
      for (const { parts, target } of staged)
        for (const { range, offset } of parts)
          encoder.copyBufferToBuffer(range.buffer, 0, target, offset, Math.ceil(range.bytes / 4) * 4);
    });
    const mapped = staged.map(({ target, bytes }) =>
      gpu.judged('readback', () => target.mapAsync(MAP_READ, 0, bytes)),
    );
    // What the device refused is the better explanation of a mapping that failed.
    const [settled, ...reached] = await Promise.allSettled([
      gpu.settle(),
      ...mapped.map((mapping) => gpu.guard(mapping)),
    ]);
    if (settled.status === 'rejected') throw settled.reason;
    gpu.assertAlive();
    const values = new Map<ReadRange, ArrayBuffer>();
    staged.forEach(({ target, parts, bytes }, i) => {
      const mapping = reached[i];
      if (mapping?.status === 'rejected')
        throw new GpuError(`${bytes} bytes cannot be read back: ${String(mapping.reason)}`);
      const copy = target.getMappedRange(0, bytes);
      for (const { range, offset } of parts) values.set(range, copy.slice(offset, offset + range.bytes));
      target.unmap();
    });
    for (const target of targets) giveBack(gpu, target);
    return ranges.map((range) => values.get(range) ?? new ArrayBuffer(0));
  } catch (error) {
    for (const target of targets) target.destroy();
    throw error;
  }
}

/** Neighbours go together as long as a buffer may hold them. */
function groupsOf(ranges: readonly ReadRange[], limit: number): Group[] {
  const groups: Group[] = [];
  for (const range of ranges) {
    // Copies and mappings start at multiples of 8 bytes.
    const bytes = Math.ceil(range.bytes / 8) * 8;
    let group = groups.at(-1);
    if (!group || group.bytes + bytes > limit) {
      group = { parts: [], bytes: 0 };
      groups.push(group);
    }
    group.parts.push({ range, offset: group.bytes });
    group.bytes += bytes;
  }
  return groups;
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
