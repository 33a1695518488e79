import type { Host } from '../../tools/runtimes/host.ts';

/** A machine that has these files (path to text); a value `-> /path` is a link. */
export function fakeHost(files: Record<string, string>, about: Partial<Host> = {}): Host {
  return {
    platform: 'linux',
    arch: 'x64',
    env: {},
    home: '/home/ada',
    isRoot: false,
    isFile: (path) => path in files,
    realpath: (path) => (files[path]?.startsWith('-> ') ? files[path].slice(3) : path),
    text: (path) => files[path] ?? '',
    list: (directory) => [
      ...new Set(
        Object.keys(files)
          .filter((path) => path.startsWith(`${directory}/`))
          .map((path) => path.slice(directory.length + 1).split('/')[0] ?? ''),
      ),
    ],
    ...about,
  };
}

export const DEBIAN = '/etc/os-release';

/** Debian 12 as apt leaves it: a shell script on PATH, the libraries elsewhere. */
export const debianFiles: Record<string, string> = {
  [DEBIAN]: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
  '/usr/bin/chromium': '#!/bin/sh\nAPPNAME=chromium\nLIBDIR=/usr/lib/$APPNAME\n',
  '/usr/lib/chromium/vk_swiftshader_icd.json': '{}',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json': '{}',
};
