type Listener = (info: GPUDeviceLostInfo) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  info?: GPUDeviceLostInfo;
}

const watches = new WeakMap<GPUDevice, Watch>();

/**
 * Calls `listener` when the device is lost, at once if it already is. One handler a device: a long-lived device of
 * the caller's keeps nothing of the models that came and went on it.
 * @returns a function that ends it
 */
export function onDeviceLost(device: GPUDevice, listener: Listener): () => void {
  const watch = watches.get(device) ?? startWatch(device);
  if (watch.info) listener(watch.info);
  watch.listeners.add(listener);
  return () => watch.listeners.delete(listener);
}

function startWatch(device: GPUDevice): Watch {
  const watch: Watch = { listeners: new Set() };
  watches.set(device, watch);
  device.lost.then((info) => {
    watch.info = info;
    for (const listener of watch.listeners) listener(info);
  });
  return watch;
}
