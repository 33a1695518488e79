import { describe, expect, test } from 'vitest';
import { parseTrain } from '../../weights-tools/train/request.ts';

const asked = (...options: string[]) =>
  parseTrain(['phantoms/hip', '-m', 'base.pt', '-o', 'out', ...options]);

describe("the train command's numbers", () => {
  for (const [option, text, expected] of [
    ['lr', '0', 'expected a number above 0 and below 1'],
    ['lr', '1', 'expected a number above 0 and below 1'],
    ['lr', '', 'expected a number above 0 and below 1'],
    ['clip', 'Infinity', 'expected none, or a norm above 0'],
    ['clip', 'no', 'expected none, or a norm above 0'],
    ['query-deviation', '0', 'expected a number above 0, at most 100'],
    ['query-deviation', '101', 'expected a number above 0, at most 100'],
    ['seed', '1.5', 'expected a whole number from 0'],
    ['val', '1', 'expected a folder, or a share'],
  ] as const)
    test(`--${option} '${text}' is refused`, () => {
      expect(() => asked(`--${option}`, text)).toThrow(`--${option} is '${text}', ${expected}`);
    });

  test('are taken as they are written', () => {
    expect(asked('--lr', '5e-4', '--clip', 'none', '--query-deviation', '1', '--val', './0.2')).toMatchObject(
      {
        given: { learningRate: 5e-4, clip: null, queryDeviation: 1, validation: './0.2' },
      },
    );
  });
});
