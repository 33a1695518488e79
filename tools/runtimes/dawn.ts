import { tmpdir } from 'node:os';
import { create, globals } from 'webgpu';
import { findSwiftShader } from './find.ts';

/** Dawn aborts the process when such an object is collected, so they hang on the global: one of each a process. */
const holder: { sam2radDawn?: GPU; sam2radNull?: GPU } = globalThis as typeof holder;

/** Dawn rounds timestamps to 0.1 ms, for the sake of privacy: many a kernel takes less. */
const EXACT_TIMES = 'disable-dawn-features=timestamp_quantization';
/** Dawn keeps f16 from NVIDIA's drivers before 615.71; ours of 580 passed every test in f16. */
const F16_ON_NVIDIA = 'enable-dawn-features=vulkan_enable_f16_on_nvidia';

/**
 * Dawn for Node, one for the whole process, with the WebGPU constants (`GPUBufferUsage`, ...) made global.
 * On Linux it runs on SwiftShader, so that numbers are the same everywhere; SAM2RAD_GPU=native takes the
 * machine's own adapter, and a VK_ICD_FILENAMES that is already set is kept. Other systems have no loader
 * for SwiftShader: they take their own adapter.
 */
export function createNodeGpu(): GPU {
  if (holder.sam2radDawn) return holder.sam2radDawn;
  prepareVulkan();
  Object.assign(globalThis, globals);
  holder.sam2radDawn = create([EXACT_TIMES, F16_ON_NVIDIA]);
  return holder.sam2radDawn;
}

/**
 * Dawn without a driver: it validates everything and compiles WGSL as Chrome does, for every feature that Dawn knows, and
 * computes nothing.
 */
export function createNullGpu(): GPU {
  Object.assign(globalThis, globals);
  holder.sam2radNull ??= create(['backend=null']);
  return holder.sam2radNull;
}

/** Vulkan's loader reads the environment at the first adapter request and never again. */
function prepareVulkan(): void {
  if (process.platform !== 'linux') return;
  // Without it Dawn complains on every start, though nothing here draws to a screen.
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir();
  if (process.env['SAM2RAD_GPU'] === 'native' || process.env['VK_ICD_FILENAMES']) return;
  const manifest = findSwiftShader();
  if (manifest !== undefined) process.env['VK_ICD_FILENAMES'] = manifest;
}
