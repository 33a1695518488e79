import { expect, test } from 'vitest';
import {
  kernelModelsOf,
  modelsName,
  modelsOf,
  type Options,
  parseCommand,
} from '../../bench/commands/options.ts';

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

function optionsOf(...args: string[]): Options {
  const command = parseCommand(args);
  if (command.name !== 'measure') throw new Error(`${command.name} measures no models`);
  return command.options;
}

test('nano is measured unless a file is named; tiny comes with --large', () => {
  const models = (...args: string[]) => modelsOf(optionsOf(...args), (file) => `at ${file}`);
  expect(models().map(({ name }) => name)).toEqual(['nano']);
  expect(models('--large').map(({ name }) => name)).toEqual(['nano', 'tiny']);
  expect(models('--model', '/m/sam.pt')).toEqual([{ name: 'sam.pt', file: 'at /m/sam.pt' }]);
});

test('families add kernels, no models to run', () => {
  const names = (options: Options) => kernelModelsOf(options, (file) => file).map(({ name }) => name);
  expect(names(optionsOf())).toEqual(['nano']);
  const options = optionsOf('--families');
  expect(modelsOf(options, (file) => file).map(({ name }) => name)).toEqual(['nano']);
  expect(names(options)).toEqual([
    ...['nano', 'ViT-B', 'MobileSAM', 'nano f16', 'nano q8', 'nano with adapters and LoRA'],
  ]);
});

test('file names tell what was measured', () => {
  expect(modelsName(optionsOf())).toBe('nano');
  expect(modelsName(optionsOf('--large', '--families'))).toBe('nano-tiny-families');
  expect(modelsName(optionsOf('--model', '/m/SAM2.1 tiny.pt'))).toBe('sam2-1-tiny-pt');
});
