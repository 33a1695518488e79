import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newest } from '../../bench/commands/view.ts';
import { provenance, resultName } from '../../bench/results.ts';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { around, PLACE, report, row } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'sam2rad-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('two results of one day have two names, with what was measured in them', () => {
  const [first, second] = ['2026-11-23T10:00:00.000Z', '2026-11-23T10:04:09.000Z'].map((date) =>
    resultName({ ...PLACE, date }, 'bench-chromium-nano'),
  );
  expect(first).toBe('2026-11-23-100000-swiftshader-bench-chromium-nano.json');
  expect(second).toBe('2026-11-23-100409-swiftshader-bench-chromium-nano.json');
});

test('an adapter goes by the GPU’s name, wherever the runtime has it; software adapters by what baselines know', () => {
  const adapters = {
    dawn: ['nvidia', '', 'nvidia-h200', 'NVIDIA: 580.159.04 580.159.4.0'],
    chrome: ['nvidia', 'lovelace', '0x2684', 'NVIDIA GeForce RTX 4090'],
    silent: ['apple', 'metal-3', '', ''],
    swiftshader: ['google', 'swiftshader', 'swiftshader-device-subzero-', 'SwiftShader driver 5.0.0'],
    llvmpipe: ['65541', '', '0', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
  };
  const named = Object.entries(adapters).map(([name, words]) => {
    const [vendor = '', architecture = '', device = '', description = ''] = words;
    const info = { vendor, architecture, device, description };
    const { adapter, driver } = provenance(info, 'Node', 'Dawn of webgpu');
    return [
      name,
      adapter,
      driver,
      resultName({ ...PLACE, adapter }, 'x').slice(18),
      adapterLabel(info, 'Dawn'),
    ];
  });
  const driver = 'Dawn of webgpu';
  expect(named).toEqual([
    [
      'dawn',
      'nvidia-h200',
      `NVIDIA: 580.159.04 580.159.4.0, ${driver}`,
      'nvidia-h200-x.json',
      'nvidia-h200/Dawn',
    ],
    [
      'chrome',
      'nvidia lovelace NVIDIA GeForce RTX 4090',
      driver,
      'nvidia-lovelace-nvidia-geforce-rtx-4090-x.json',
      'NVIDIA GeForce RTX 4090/Dawn',
    ],
    ['silent', 'apple metal-3', driver, 'apple-metal-3-x.json', 'metal-3/Dawn'],
    [
      'swiftshader',
      'google swiftshader SwiftShader driver 5.0.0',
      driver,
      'swiftshader-x.json',
      'SwiftShader/Dawn',
    ],
    ['llvmpipe', '65541 llvmpipe (LLVM 15.0.6, 256 bits)', driver, 'llvmpipe-x.json', 'llvmpipe/Dawn'],
  ]);
});

test('the newest is the one of the latest date that can be drawn, whatever the names', () => {
  expect(() => newest(folder)).toThrow('npm run bench makes one');
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  const rows = [row('a', around(0.5))];
  const failed = report(rows, { date: '2026-11-25T00:00:00.000Z' });
  write('z-bench-chromium-nano.json', report(rows));
  write('a-bench-chromium-nano.json', report(rows, { date: '2026-11-24T00:00:00.000Z' }));
  write('zz-bench-chromium-nano.json', { ...failed, result: { ...failed.result, kernels: null } });
  write('zzz-bench-chromium-nano-only.json', failed);
  write('zzzz-train.json', failed);
  expect(newest(folder)).toBe(join(folder, 'a-bench-chromium-nano.json'));
});
