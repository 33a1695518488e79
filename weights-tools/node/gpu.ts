import { existsSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UnsupportedError } from '../../src/errors.ts';

type CreateGpu = (flags: string[]) => GPU;

/** Dawn aborts the process when an object of `create` is collected: every one that was made stays here. */
const holder: { sam2radCliGpus?: GPU[] } = globalThis as { sam2radCliGpus?: GPU[] };

/** What Vulkan's loader reads instead of its own search; a user who sets one has decided. */
const DRIVER_VARIABLES = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'];

/** Any of these says that there is a GPU worth asking (render nodes, NVIDIA's, WSL's). */
const GPU_NODES = ['/dev/dri', '/dev/nvidia0', '/dev/dxg'];

/** Where browsers keep SwiftShader, a Vulkan driver that runs on the CPU. */
const SWIFTSHADER = 'vk_swiftshader_icd.json';
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib64/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/snap/chromium/current/usr/lib/chromium-browser',
  '/opt/google/chrome',
];

/**
 * Dawn for Node with an adapter: the machine's own; on Linux, where there is none and no variable names a
 * driver, SwiftShader of an installed browser.
 * @throws UnsupportedError that names what to install
 */
export async function openGpu(create: CreateGpu): Promise<GPU> {
  // Without it Dawn complains on every start, though nothing here draws to a screen.
  if (process.platform === 'linux') process.env['XDG_RUNTIME_DIR'] ??= tmpdir();
  for (const manifest of driverChoices()) {
    if (manifest !== undefined) process.env['VK_ICD_FILENAMES'] = manifest;
    // A driver is chosen once an object: each attempt takes a new one.
    const gpu = create([]);
    holder.sam2radCliGpus = [...(holder.sam2radCliGpus ?? []), gpu];
    if (await gpu.requestAdapter()) return gpu;
    if (manifest !== undefined) delete process.env['VK_ICD_FILENAMES'];
  }
  throw new UnsupportedError(noAdapterMessage());
}

/** Manifests to try in turn; undefined is the system's own search. Software first where there is no GPU at all. */
function driverChoices(): (string | undefined)[] {
  if (process.platform !== 'linux' || DRIVER_VARIABLES.some((name) => process.env[name])) return [undefined];
  const software = browserFolders()
    .map((folder) => join(folder, SWIFTSHADER))
    .filter((path) => existsSync(path))
    .slice(0, 1);
  return GPU_NODES.some((node) => existsSync(node)) ? [undefined, ...software] : [...software, undefined];
}

function browserFolders(): string[] {
  const named = process.env['CHROME_PATH'];
  const cache = join(homedir(), '.cache', 'puppeteer', 'chrome');
  const cached = existsSync(cache)
    ? readdirSync(cache).map((entry) => join(cache, entry, 'chrome-linux64'))
    : [];
  return [...(named ? [dirname(named)] : []), ...BROWSER_FOLDERS, ...cached.reverse()];
}

function noAdapterMessage(): string {
  const named = DRIVER_VARIABLES.map((name) => process.env[name] && `${name}=${process.env[name]}`).find(
    Boolean,
  );
  if (named) return `found no WebGPU adapter with ${named}: correct the variable or unset it`;
  if (process.platform !== 'linux') return 'found no WebGPU adapter: update the graphics driver';
  return 'found no WebGPU adapter: install the driver of your GPU, or one that runs on the CPU. Debian: apt-get install chromium (its SwiftShader is found by itself) or mesa-vulkan-drivers; elsewhere set VK_ICD_FILENAMES to the vk_swiftshader_icd.json of a Chrome';
}
