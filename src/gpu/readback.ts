import { bufferUsage, type Gpu } from './device.ts';

const staging = new WeakMap<Gpu, GPUBuffer[]>();

/** Copies `bytes` (a multiple of 4) of a buffer to the host. Staging buffers are kept for the next call. */
export async function readBuffer(
  gpu: Gpu,
  buffer: GPUBuffer,
  bytes: number,
  offset = 0,
): Promise<ArrayBuffer> {
  gpu.assertAlive();
  const idle = staging.get(gpu) ?? [];
  staging.set(gpu, idle);
  const at = idle.findIndex((candidate) => candidate.size >= bytes);
  const target =
    at >= 0
      ? (idle.splice(at, 1)[0] as GPUBuffer)
      : gpu.createBuffer('readback', bytes, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
  const encoder = gpu.device.createCommandEncoder({ label: 'readback' });
  encoder.copyBufferToBuffer(buffer, offset, target, 0, bytes);
  gpu.submit(encoder.finish());
  await gpu.guard(target.mapAsync(1 /* GPUMapMode.READ */, 0, bytes));
  const copy = target.getMappedRange(0, bytes).slice(0);
  target.unmap();
  idle.push(target);
  return copy;
}
