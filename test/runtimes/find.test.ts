import { describe, expect, test } from 'vitest';
import { findChromium, findLavapipe, findSwiftShader } from '../../tools/runtimes/find.ts';
import { thisHost } from '../../tools/runtimes/host.ts';
import { debianFiles, fakeHost } from './fake-host.ts';

const ICD = 'vk_swiftshader_icd.json';

describe('the browser', () => {
  test('is the first of its names on PATH, before the usual places', () => {
    const files = { '/opt/b/chromium': '', '/opt/a/google-chrome': '', '/usr/bin/chromium': '' };
    expect(findChromium(fakeHost(files, { env: { PATH: '/opt/a:/opt/b' } }))).toBe('/opt/b/chromium');
    expect(findChromium(fakeHost(files))).toBe('/usr/bin/chromium');
  });

  test('is what CHROME_PATH names, which must exist', () => {
    const files = { '/usr/bin/chromium': '', '/mine/chrome': '' };
    expect(findChromium(fakeHost(files, { env: { CHROME_PATH: '/mine/chrome' } }))).toBe('/mine/chrome');
    const wrong = fakeHost(files, { env: { CHROME_PATH: '/gone' } });
    expect(() => findChromium(wrong)).toThrow('CHROME_PATH names /gone, which is no file');
  });

  test('is found where macOS and Windows keep it', () => {
    const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(findChromium(fakeHost({ [mac]: '' }, { platform: 'darwin' }))).toBe(mac);
    const windows = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
    const env = { PROGRAMFILES: 'C:\\Program Files' };
    expect(findChromium(fakeHost({ [windows]: '' }, { platform: 'win32', env }))).toBe(windows);
  });

  test("is found in puppeteer's cache, where someone chose to download it", () => {
    const cached = '/home/ada/.cache/puppeteer/chrome/linux-150.0.1/chrome-linux64/chrome';
    expect(findChromium(fakeHost({ [cached]: '' }))).toBe(cached);
  });

  test('is undefined on a bare machine', () => {
    expect(findChromium(fakeHost({}))).toBeUndefined();
    expect(findSwiftShader(fakeHost({}))).toBeUndefined();
    expect(findLavapipe(fakeHost({}))).toBeUndefined();
  });
});

describe('SwiftShader', () => {
  test("is beside the libraries that Debian's launcher script stands for", () => {
    expect(findSwiftShader(fakeHost(debianFiles))).toBe(`/usr/lib/chromium/${ICD}`);
  });

  test('is beside the binary that a link leads to', () => {
    const files = {
      '/usr/bin/google-chrome': '-> /opt/google/chrome-beta/google-chrome',
      [`/opt/google/chrome-beta/${ICD}`]: '{}',
    };
    expect(findSwiftShader(fakeHost(files))).toBe(`/opt/google/chrome-beta/${ICD}`);
  });

  test('is beside the binary that a wrapper script names', () => {
    const files = { '/mine/browse': '#!/bin/sh\nexec /mine/v150/chrome "$@"\n', [`/mine/v150/${ICD}`]: '{}' };
    const host = fakeHost(files, { env: { CHROME_PATH: '/mine/browse' } });
    expect(findSwiftShader(host)).toBe(`/mine/v150/${ICD}`);
  });
});

test("llvmpipe is the manifest of the machine's own architecture", () => {
  const files = {
    '/usr/share/vulkan/icd.d/lvp_icd.i686.json': '',
    '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json': '',
  };
  expect(findLavapipe(fakeHost(files, { arch: 'arm64' }))).toBe(
    '/usr/share/vulkan/icd.d/lvp_icd.aarch64.json',
  );
  expect(findLavapipe(fakeHost(files, { arch: 'x64' }))).toBeUndefined();
  expect(findLavapipe(fakeHost(debianFiles))).toBe('/usr/share/vulkan/icd.d/lvp_icd.x86_64.json');
});

test('a path that runs through a file is absent, not an error', () => {
  const through = `${import.meta.filename}/${ICD}`;
  expect(thisHost.isFile(through)).toBe(false);
  expect(thisHost.text(through)).toBe('');
  expect(thisHost.list(import.meta.filename)).toEqual([]);
});
