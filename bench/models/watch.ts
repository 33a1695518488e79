/** What really lies on a device, whoever made it: buffers are counted as they are made and destroyed. */
export interface DeviceWatch {
  /** Bytes of all buffers alive now. */
  readonly bytes: number;
  /** The most that there were at once. */
  readonly peak: number;
  readonly submits: number;
}

export function watchDevice(device: GPUDevice): DeviceWatch {
  const watch = { bytes: 0, peak: 0, submits: 0 };
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    let alive = buffer.size;
    watch.bytes += alive;
    watch.peak = Math.max(watch.peak, watch.bytes);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      watch.bytes -= alive;
      alive = 0;
      destroy();
    };
    return buffer;
  };
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  queue.submit = (commands) => {
    watch.submits += 1;
    submit(commands);
  };
  return watch;
}
