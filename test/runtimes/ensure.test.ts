import { expect, test } from 'vitest';
import { ensureRuntimes, installCommand, missingRuntimes } from '../../tools/runtimes/ensure.ts';
import { DEBIAN, debianFiles, fakeHost } from './fake-host.ts';

test('nothing is missing on a Debian that has both packages, so nothing is installed', () => {
  const host = fakeHost(debianFiles, { isRoot: true });
  expect(missingRuntimes(host)).toEqual([]);
  ensureRuntimes(host);
});

test('without root, one message says what is missing and names the command', () => {
  const bare = fakeHost({ [DEBIAN]: 'ID=debian\n' });
  expect(() => ensureRuntimes(bare)).toThrow(/Chromium or Chrome, SwiftShader .*, llvmpipe .*, not found/);
  expect(() => ensureRuntimes(bare)).toThrow(
    '  sudo apt-get install -y --no-install-recommends chromium mesa-vulkan-drivers\n',
  );
});

test('root elsewhere than on Debian is told, never overruled', () => {
  const fedora = fakeHost({ [DEBIAN]: 'ID=fedora\n' }, { isRoot: true });
  expect(() => ensureRuntimes(fedora)).toThrow('sudo dnf install chromium mesa-vulkan-drivers');
});

test('the command fits the system', () => {
  const commandOn = (osRelease: string) => installCommand(fakeHost({ [DEBIAN]: osRelease }));
  expect(commandOn('NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n')).toContain(
    'npx puppeteer browsers install chrome',
  );
  expect(commandOn('ID=arch\n')).toContain('pacman');
  expect(commandOn('ID=alpine\n')).toContain('apk');
  expect(commandOn('ID=raspbian\nID_LIKE=debian\n')).toContain('apt-get');
  expect(installCommand(fakeHost({}, { platform: 'darwin' }))).toContain('brew');
  expect(installCommand(fakeHost({}, { platform: 'win32' }))).toContain('winget');
});

test('only Linux needs software drivers: elsewhere a browser is enough', () => {
  expect(missingRuntimes(fakeHost({}, { platform: 'darwin' }))).toEqual(['Chromium or Chrome']);
});
