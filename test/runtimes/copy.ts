/** Uploads, copies on the GPU, reads back: the smallest proof that a WebGPU works, the same in every runtime. */
export async function copyOnGpu(gpu: GPU, values: readonly number[]): Promise<number[]> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('No WebGPU adapter.');
  const device = await adapter.requestDevice({ label: 'copy' });
  const size = values.length * 4;
  const source = device.createBuffer({
    label: 'copy.source',
    size,
    usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const target = device.createBuffer({
    label: 'copy.target',
    size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  device.queue.writeBuffer(source, 0, new Float32Array(values));
  const encoder = device.createCommandEncoder({ label: 'copy' });
  encoder.copyBufferToBuffer(source, 0, target, 0, size);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  const read = Array.from(new Float32Array(target.getMappedRange()));
  target.unmap();
  device.destroy();
  return read;
}
