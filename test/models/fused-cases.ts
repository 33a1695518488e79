import type { DecoderQuestion } from './decoder-run.ts';

type Questions = Readonly<Record<string, Omit<DecoderQuestion, 'fused'>>>;

/** Of every length around the kernels' tiles, with every choice; the mask prompt is a map of its own. */
const LENGTHS: Questions = {
  '1 point, single': { points: 1, choice: 'single' },
  '2 points, multi': { points: 2, choice: 'multi' },
  '3 points, stable': { points: 3, choice: 'stable' },
  '9 points, single': { points: 9, choice: 'single' },
  '20 points, multi': { points: 20, choice: 'multi' },
  '40 points, stable': { points: 40, choice: 'stable' },
  '3 points and a mask': { points: 3, choice: 'single', mask: true },
  'a mask alone': { points: 0, choice: 'single', mask: true },
};
const STORED: Questions = Object.fromEntries(
  (['f16', 'q8'] as const).map((storage) => [
    `3 points, multi, ${storage}`,
    { points: 3, choice: 'multi', storage },
  ]),
);

/** By the table of the model: a score by an MLP and fine features; neither; a linear score. */
export const FUSED_CASES: Readonly<Record<string, Questions>> = {
  'tables/sam2.1_hiera_t': { ...LENGTHS, ...STORED },
  'tables/sam_vit_b': { ...LENGTHS, ...STORED },
  'goldens/sam2rad-vit-b.weights': { '5 points, single': { points: 5, choice: 'single' } },
};
