/**
 * `gpu`, but `onDevice` sees each device that is requested from it: the engine chooses the device, and the page
 * still learns when it is lost while nobody is asking anything of it.
 */
export function watchDevices(gpu: GPU, onDevice: (device: GPUDevice) => void): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (adapter === null) return null;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await requestDevice(descriptor);
      onDevice(device);
      return device;
    };
    return adapter;
  };
  return { requestAdapter } as Partial<GPU> as GPU;
}
