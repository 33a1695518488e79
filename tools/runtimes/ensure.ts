import { spawnSync } from 'node:child_process';
import { findChromium, findLavapipe, findSwiftShader } from './find.ts';
import { type Host, thisHost } from './host.ts';

const DEBIAN_PACKAGES = ['chromium', 'mesa-vulkan-drivers'];
const APT = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300'];

/** The command that brings the browser and the software Vulkan drivers, by the system's family. */
export function installCommand(host: Host = thisHost): string {
  if (host.platform === 'darwin') return 'brew install --cask google-chrome';
  if (host.platform === 'win32') return 'winget install Google.Chrome';
  const family = host.text('/etc/os-release');
  if (/^ID=.*(fedora|rhel|centos)/m.test(family)) return 'sudo dnf install chromium mesa-vulkan-drivers';
  if (/^ID=.*arch/m.test(family)) return 'sudo pacman -S chromium vulkan-swrast';
  if (/^ID=.*alpine/m.test(family)) return 'sudo apk add chromium mesa-vulkan-swrast';
  // Ubuntu's `chromium` is a snap, which neither containers nor SwiftShader's manifest get along with.
  if (/^ID=.*ubuntu/m.test(family)) {
    return 'npx puppeteer browsers install chrome --install-deps && sudo apt-get install -y mesa-vulkan-drivers';
  }
  return `sudo apt-get install -y --no-install-recommends ${DEBIAN_PACKAGES.join(' ')}`;
}

/** What the tests need and this machine lacks, in words. */
export function missingRuntimes(host: Host = thisHost): string[] {
  const missing: string[] = [];
  if (findChromium(host) === undefined) missing.push('Chromium or Chrome');
  // Elsewhere WebGPU stands on Metal or Direct3D, which every machine has.
  if (host.platform !== 'linux') return missing;
  if (findSwiftShader(host) === undefined)
    missing.push('SwiftShader (vk_swiftshader_icd.json beside Chromium)');
  if (findLavapipe(host) === undefined) missing.push('llvmpipe (lvp_icd.json of Mesa)');
  return missing;
}

/** The one message for a machine that lacks something. */
export function missingMessage(missing: readonly string[], host: Host = thisHost): string {
  return [
    `The tests need ${missing.join(', ')}, not found on this machine. Run:`,
    `  ${installCommand(host)}`,
    'A browser that is installed elsewhere is taken from CHROME_PATH.',
  ].join('\n');
}

/** Finds the browser and the drivers; as root on Debian installs what is missing, elsewhere says how. */
export function ensureRuntimes(host: Host = thisHost): void {
  const missing = missingRuntimes(host);
  if (missing.length === 0) return;
  const isDebian = host.platform === 'linux' && /^ID="?debian/m.test(host.text('/etc/os-release'));
  if (!isDebian || !host.isRoot) throw new Error(missingMessage(missing, host));
  console.log(
    `Not found: ${missing.join(', ')}. Installing ${DEBIAN_PACKAGES.join(' and ')} with apt, once.`,
  );
  apt(['update']);
  apt(['install', '--no-install-recommends', ...DEBIAN_PACKAGES]);
  const still = missingRuntimes(host);
  if (still.length > 0) throw new Error(missingMessage(still, host));
}

function apt(args: readonly string[]): void {
  const { status, error } = spawnSync('apt-get', [...APT, ...args], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  throw new Error(
    `apt-get ${args.join(' ')} failed (${error?.message ?? `exit code ${status}`}), see above.`,
  );
}
