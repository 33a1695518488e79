/** The same adapters under another name, so that the engine takes a software adapter for a GPU and records a GPU's kernels. */
export function asGpu(gpu: GPU): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    const info = { vendor: '', architecture: '', description: 'an adapter that is taken for a GPU' };
    return adapter && Object.defineProperty(adapter, 'info', { value: info });
  };
  // All that the engine asks of it.
  return { requestAdapter } as GPU;
}
