/** The same GPU under a name that no software adapter has, so that the engine takes what it keeps for hardware. */
export function asHardware(gpu: GPU): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const { features, limits } = adapter;
    const info = { vendor: 'test', architecture: 'test', description: 'a software adapter as hardware' };
    return {
      features,
      limits,
      info,
      requestDevice: (wish?: GPUDeviceDescriptor) => adapter.requestDevice(wish),
    };
  };
  // The engine asks a GPU for an adapter, and that for nothing else.
  return { requestAdapter } as unknown as GPU;
}
