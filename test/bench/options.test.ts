import { expect, test } from 'vitest';
import { modelsOf, parseCommand } from '../../bench/commands/options.ts';

test('without a word everything is measured, in Chromium', () => {
  expect(parseCommand([])).toMatchObject({
    name: 'measure',
    parts: ['kernels', 'models', 'ort'],
    options: { runtime: 'chromium', rounds: 5, large: false, check: false },
  });
});

test('parts, ladder and view are told apart', () => {
  expect(parseCommand(['kernels', '--check', '--runtime', 'node'])).toMatchObject({
    parts: ['kernels'],
    options: { check: true, runtime: 'node' },
  });
  expect(parseCommand(['ladder', '--only', 'matmul'])).toMatchObject({ name: 'ladder' });
  expect(parseCommand(['view', 'a.json', 'b.json'])).toEqual({ name: 'view', files: ['a.json', 'b.json'] });
});

test.each([
  [['kernel'], "the part is 'kernel', expected kernels, models, ort"],
  [['--runtime', 'bun'], "--runtime is 'bun', expected chromium, node, deno"],
  [['--rounds', '0'], '--rounds is 0, expected a whole number from 1'],
  [['--providers', 'webgl'], "--providers is 'webgl', expected webgpu, wasm"],
  [['kernels', '--check', '--only', 'x'], 'a baseline is of all kernels: leave --only out'],
  [['ort', '--save-baseline'], 'a baseline is of kernels: measure them, too'],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message);
});

test('nano is measured unless a file is named; tiny comes with --large', () => {
  const models = (...args: string[]) => {
    const command = parseCommand(args);
    if (command.name !== 'measure') throw new Error(`${command.name} measures no models`);
    return modelsOf(command.options, (file) => `at ${file}`);
  };
  expect(models().map(({ name }) => name)).toEqual(['nano']);
  expect(models('--large').map(({ name }) => name)).toEqual(['nano', 'tiny']);
  expect(models('--model', '/m/sam.pt')).toEqual([{ name: 'sam.pt', file: 'at /m/sam.pt' }]);
});
