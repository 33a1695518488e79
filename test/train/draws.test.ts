import { expect, test } from 'vitest';
import { drawOf, drawsOf, learnedDraws } from '../../src/tasks/train/draws.ts';

test.each(['ppn', 'ppn+lora'] as const)(
  '%s: draws are those that were prepared, and the learned are counted',
  (train) => {
    const settings = { train, seed: 3 };
    const draws = Array.from({ length: 2000 }, (_, step) => drawOf(settings, step));
    const known = drawsOf(train).map((draw) => JSON.stringify(draw));
    expect(draws.filter((draw) => !known.includes(JSON.stringify(draw)))).toEqual([]);
    const learned = draws.filter((draw) => draw.learned).length;
    expect(learnedDraws(settings, 2000)).toBe(learned);
    // One in ten is without learned prompts, but for those that drew nothing at all: 0.1 x (1 - 0.5 x 0.9).
    const share = train === 'ppn' ? 1 : 1 - 0.1 * (1 - 0.5 * 0.9);
    expect(Math.abs(learned / 2000 - share)).toBeLessThan(0.02);
  },
);
