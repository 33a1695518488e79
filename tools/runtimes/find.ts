import { posix, win32 } from 'node:path';
import { type Host, thisHost } from './host.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const CHROME_VARIABLES = ['CHROME_PATH', 'PUPPETEER_EXECUTABLE_PATH'];
const SWIFTSHADER = 'vk_swiftshader_icd.json';
/** How Vulkan's driver manifests spell Node's architectures. */
const VULKAN_ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

const pathsOf = (host: Host) => (host.platform === 'win32' ? win32 : posix);

/** The installed Chromium or Chrome; a variable that names one wins, and must name one. */
export function findChromium(host: Host = thisHost): string | undefined {
  for (const variable of CHROME_VARIABLES) {
    const named = host.env[variable];
    if (!named) continue;
    if (host.isFile(named)) return named;
    throw new Error(`${variable} names ${named}, which is no file. Correct it or unset it.`);
  }
  return [...onPath(host), ...usualPlaces(host), ...puppeteerCache(host)].find((path) => host.isFile(path));
}

/** SwiftShader's Vulkan manifest, which Chromium ships beside its binary. */
export function findSwiftShader(host: Host = thisHost): string | undefined {
  const chromium = findChromium(host);
  if (chromium === undefined) return undefined;
  return libraryDirectories(host, chromium)
    .map((directory) => pathsOf(host).join(directory, SWIFTSHADER))
    .find((path) => host.isFile(path));
}

/** Mesa's software Vulkan driver (llvmpipe), which wgpu in Deno needs where there is no GPU. */
export function findLavapipe(host: Host = thisHost): string | undefined {
  const arch = VULKAN_ARCH[host.arch] ?? host.arch;
  return ['/usr/share', '/usr/local/share', '/etc']
    .flatMap((root) => [`lvp_icd.${arch}.json`, 'lvp_icd.json'].map((name) => `${root}/vulkan/icd.d/${name}`))
    .find((path) => host.isFile(path));
}

function onPath(host: Host): string[] {
  const { join, delimiter } = pathsOf(host);
  const extension = host.platform === 'win32' ? '.exe' : '';
  const directories = (host.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return NAMES.flatMap((name) => directories.map((directory) => join(directory, name + extension)));
}

function usualPlaces(host: Host): string[] {
  if (host.platform === 'darwin') {
    const apps = ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'];
    return ['/Applications', `${host.home}/Applications`].flatMap((root) =>
      apps.map((app) => `${root}/${app}`),
    );
  }
  if (host.platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap(
      (name) => host.env[name] ?? [],
    );
    const apps = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];
    return roots.flatMap((root) => apps.map((app) => `${root}\\${app}`));
  }
  return ['/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome', '/opt/chromium'].flatMap((root) =>
    NAMES.map((name) => `${root}/${name}`),
  );
}

/** Where `npx puppeteer browsers install chrome` puts it: chrome/<platform-version>/<folder>/<binary>. */
function puppeteerCache(host: Host): string[] {
  const { join } = pathsOf(host);
  const root = join(host.env['PUPPETEER_CACHE_DIR'] ?? join(host.home, '.cache', 'puppeteer'), 'chrome');
  const binaries = [
    'chrome',
    'chrome.exe',
    'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  ];
  return [...host.list(root)]
    .reverse()
    .flatMap((version) => host.list(join(root, version)).map((folder) => join(root, version, folder)))
    .flatMap((folder) => binaries.map((binary) => join(folder, binary)));
}

/** Distributions put a launcher on PATH, a link or a shell script, and the libraries in a folder of its name. */
function libraryDirectories(host: Host, chromium: string): string[] {
  const { basename, dirname } = pathsOf(host);
  const binary = host.realpath(chromium);
  const script = host.text(binary);
  const named = script.startsWith('#!') ? (script.match(/(?:\/[\w.+-]+){2,}/g) ?? []) : [];
  const names = new Set([basename(chromium), basename(binary), 'chromium', 'chromium-browser']);
  return [
    dirname(binary),
    ...named.flatMap((path) => [path, dirname(path)]),
    ...['/usr/lib', '/usr/lib64'].flatMap((root) => [...names].map((name) => `${root}/${name}`)),
    '/opt/google/chrome',
  ];
}
