import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { duration, meanDice } from '../../src/tasks/train/curves.ts';
import { longDuration } from '../../weights-tools/format.ts';
import { Curves } from '../../weights-tools/train/curves.ts';
import { curvesSvg } from '../../weights-tools/train/curves-svg.ts';
import { Monitor } from '../../weights-tools/train/monitor.ts';

const NAMES = ['bone, "hard"', 'head <2>'];

function run(steps: number): Curves {
  const curves = new Curves(NAMES);
  for (let step = 1; step <= steps; step++) {
    const value = 3 * 0.99 ** step;
    const losses = {
      total: value,
      dice: value / 3,
      focal: 1e-7,
      box: 0.1 + value / 7,
      object: 0,
      interim: value,
    };
    curves.add({
      ...{ kind: 'step', step, epoch: Math.ceil(step / 3), losses, learningRate: 1e-4 / step },
      gradientNorm: step === 2 ? null : value / 9,
    });
    if (step % 3 === 0) curves.add({ kind: 'validation', step, epoch: step / 3, dice: [1 / step, null] });
  }
  return curves;
}

describe('the CSV', () => {
  test('reads back exactly, whatever the classes are called', () => {
    const curves = run(30);
    const again = Curves.fromCsv(curves.toCsv(), NAMES);
    expect(again.steps).toEqual(curves.steps);
    expect(again.validations).toEqual(curves.validations);
    expect(again.toCsv()).toBe(curves.toCsv());
    expect(curves.toCsv().split('\n')[0]).toMatch(
      /,val_dice,"val_dice bone, ""hard""",val_dice head <2>,gradient_norm$/,
    );
  });

  test('of before gradient norms were told is read without them', () => {
    const old = run(3)
      .toCsv()
      .replaceAll(/,[^,]*$/gm, '');
    const again = Curves.fromCsv(old, NAMES);
    expect(again.steps.every(({ gradientNorm }) => gradientNorm === null)).toBe(true);
    expect(again.validations).toEqual(run(3).validations);
  });

  test('of a run that stopped before its first step is a header', () => {
    expect(Curves.fromCsv(new Curves(NAMES).toCsv(), NAMES).steps).toEqual([]);
    expect(() => Curves.fromCsv('epoch\nx,1,2', NAMES)).toThrow(/cannot be read at 'x,1,2'/);
  });
});

test('a validation that is measured again is not counted twice; means leave out what is not there', () => {
  const curves = run(3);
  curves.add({ kind: 'validation', step: 3, epoch: 1, dice: [0.5, 0.5] });
  expect(curves.validations).toHaveLength(1);
  expect(meanDice({ dice: [0.25, null, 0.75] })).toBe(0.5);
  expect(meanDice({ dice: [null] })).toBeNull();
});

test.each([0, 1, 3, 5000])(
  'the SVG of %i steps is one that can be drawn, without anything from elsewhere',
  async (steps) => {
    const svg = curvesSvg(run(steps), 'validation');
    expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|href|<head/);
    if (steps > 3) expect(svg).toContain('head &lt;2&gt;');
    expect(svg.length).toBeLessThan(200_000);
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect([width, height]).toEqual([720, 520]);
  },
);

test('200 000 steps are drawn, more than a call takes as arguments, and in time that does not grow with their square', () => {
  const losses = { total: 1, dice: 0.1, focal: 0.1, box: 0.1, object: 0.1, interim: 0.1 };
  const curves = new Curves(NAMES);
  for (let step = 1; step <= 200_000; step++)
    curves.add({
      ...{ kind: 'step', step, epoch: Math.ceil(step / 100_000), losses },
      ...{ learningRate: 1e-4, gradientNorm: 1 },
    });
  const start = process.cpuUsage();
  const svg = curvesSvg(curves, 'training');
  const { user } = process.cpuUsage(start);
  expect(svg.length).toBeLessThan(200_000);
  // Copying an epoch at each of its steps took a hundred times as long.
  expect(user / 1e6).toBeLessThan(10);
});

test('the line of progress has loss, Dice and the time left', () => {
  const lines: string[] = [];
  let now = 0;
  const progress = { show: (label: string, share?: number) => void lines.push(`${label} (${share})`) };
  const monitor = new Monitor(progress, { epochs: 4, steps: 8, measured: 'validation', now: () => now });
  const losses = { total: 1.23456, dice: 0, focal: 0, box: 0, object: 0, interim: 0 };
  now = 30_000;
  monitor.show({ kind: 'step', step: 2, epoch: 1, losses, learningRate: 1e-4, gradientNorm: 1 });
  monitor.show({ kind: 'validation', step: 2, epoch: 1, dice: [0.5, 0.7] });
  expect(lines).toEqual([
    'epoch 1/4, loss 1.235, 3:00 left (0.25)',
    'epoch 1/4, loss 1.235, val Dice 0.600, 3:00 left (0.25)',
  ]);
  expect([duration(7_400), duration(3_725_000)]).toEqual(['0:07', '1:02:05']);
  expect([1.4, 2.4, 1e6].map((days) => longDuration(days * 86_400_000))).toEqual([
    '33:36:00',
    '2 days',
    '1,000,000 days',
  ]);
});
