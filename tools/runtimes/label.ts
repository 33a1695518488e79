type AdapterInfo = Pick<GPUAdapterInfo, 'architecture' | 'description' | 'device' | 'vendor'>;

/** The software adapter's name, the same whichever runtime asked; undefined for hardware. */
const softwareName = ({ architecture, description, device, vendor }: AdapterInfo): string | undefined =>
  ['SwiftShader', 'llvmpipe'].find((name) =>
    new RegExp(name, 'i').test([description, device, architecture, vendor].join(' ')),
  );

/**
 * The GPU's name where `device` has it: Dawn on Vulkan has the driver in `description` then. Some runtimes have a number
 * there, and the name in `description`; of software adapters it says less than the others.
 */
export const gpuNameOf = (info: AdapterInfo): string | undefined =>
  softwareName(info) !== undefined || /^(0x)?[0-9a-f]*$/i.test(info.device) ? undefined : info.device;

/** Names an adapter for the reports: `SwiftShader/Dawn`, `llvmpipe/wgpu`, `nvidia-h200/Dawn`. */
export function adapterLabel(info: AdapterInfo, engine: 'Dawn' | 'Chromium' | 'wgpu'): string {
  const words = [info.description, info.device, info.architecture, info.vendor].filter((word) => word !== '');
  return `${softwareName(info) ?? gpuNameOf(info) ?? words[0] ?? 'unknown adapter'}/${engine}`;
}
