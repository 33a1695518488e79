/** Names an adapter for the reports, the same whichever runtime asked: `SwiftShader/Dawn`, `llvmpipe/wgpu`. */
export function adapterLabel(
  info: Pick<GPUAdapterInfo, 'architecture' | 'description' | 'device' | 'vendor'>,
  engine: 'Dawn' | 'Chromium' | 'wgpu',
): string {
  const words = [info.description, info.device, info.architecture, info.vendor].filter((word) => word !== '');
  const software = ['SwiftShader', 'llvmpipe'].find((name) => new RegExp(name, 'i').test(words.join(' ')));
  return `${software ?? words[0] ?? 'unknown adapter'}/${engine}`;
}
