import { describe, expect, test } from 'vitest';
import { ADAMW, adamw, adamwSchedule, type Part } from '../../src/optim/adamw.ts';
import { cosineRate } from '../../src/optim/schedule.ts';
import { expectClose, randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { runGraph } from '../run-graph.ts';

const STEPS = 4;
const CLOSE = { rtol: 1e-5, atol: 1e-7, why: 'a dozen roundings of f32 over four steps' };

/** Steps of one weight each in f64, in the order of PyTorch's _single_tensor_adamw. */
function reference(weight: number, gradient: number, step: number, rate: number, m: number, v: number) {
  const decayed = weight * (1 - rate * ADAMW.weightDecay);
  const first = ADAMW.beta1 * m + (1 - ADAMW.beta1) * gradient;
  const second = ADAMW.beta2 * v + (1 - ADAMW.beta2) * gradient ** 2;
  const scale = Math.sqrt(second) / Math.sqrt(1 - ADAMW.beta2 ** step) + ADAMW.eps;
  return { weight: decayed - (rate / (1 - ADAMW.beta1 ** step)) * (first / scale), first, second };
}

describe('adamw', () => {
  for (const [count, clip] of [
    [4, undefined],
    [260, undefined],
    [16_640, 0.5],
    [1028, 1e6],
  ] as const)
    gpuTest(`${STEPS} steps of ${count} weights, clipped to ${clip ?? 'nothing'}`, async (gpu) => {
      let weights = randomValues(count, 1);
      let state = { first: new Float32Array(count), second: new Float32Array(count) };
      const exact = Array.from(weights, (weight) => ({ weight, first: 0, second: 0 }));
      for (let step = 1; step <= STEPS; step++) {
        const rate = 1e-2 / step;
        const gradients = randomValues(count, 10 + step);
        const tensors = await stepOnce(
          gpu,
          { weights, gradients, ...state },
          adamwSchedule(ADAMW, step, rate, clip),
        );
        const norm = Math.hypot(...gradients);
        const shrink = clip ? Math.min(1, clip / (norm + 1e-6)) : 1;
        exact.forEach((one, i) => {
          const gradient = (gradients[i] ?? 0) * shrink;
          exact[i] = reference(one.weight, gradient, step, rate, one.first, one.second);
        });
        expectClose('squared norm', [tensors.squares.reduce((sum, v) => sum + v, 0)], [norm ** 2], CLOSE);
        expect(tensors.gradients).toEqual(new Float32Array(count));
        weights = Float32Array.from(tensors.weights);
        state = { first: Float32Array.from(tensors.first), second: Float32Array.from(tensors.second) };
        expectClose(
          `weights after step ${step}`,
          weights,
          exact.map(({ weight }) => weight),
          CLOSE,
        );
      }
    });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e30])
    gpuTest(`a gradient of ${bad} moves nothing`, async (gpu) => {
      const state = {
        weights: randomValues(8, 1),
        gradients: Float32Array.of(0, 1, 2, 3, 4, bad, 6, 7),
        first: randomValues(8, 2),
        second: randomValues(8, 3).map(Math.abs),
      };
      expectStill(state, await stepOnce(gpu, state, adamwSchedule(ADAMW, 1, 1e-4)));
    });

  for (const [bad, at] of [
    [Number.NaN, 0],
    [Number.NEGATIVE_INFINITY, 3],
    [Number.NaN, 5],
  ] as const)
    gpuTest(`a loss of ${bad} moves nothing, as term ${at}`, async (gpu) => {
      const losses = LOSSES.map((loss, i) => (i === at ? bad : loss));
      const state = {
        weights: randomValues(8, 1),
        gradients: randomValues(8, 4),
        first: randomValues(8, 2),
        second: randomValues(8, 3).map(Math.abs),
      };
      expectStill(state, await stepOnce(gpu, state, adamwSchedule(ADAMW, 1, 1e-4), RESTS, [0, 0], losses));
    });
});

gpuTest('a part that rests stays bit for bit, and later takes the steps that it has missed', async (gpu) => {
  const state = {
    weights: randomValues(12, 1),
    gradients: randomValues(12, 2),
    first: randomValues(12, 3),
    second: randomValues(12, 4).map(Math.abs),
  };
  const part: Part = [4, 8];
  const [fifth, second] = [adamwSchedule(ADAMW, 5, 1e-2), adamwSchedule(ADAMW, 2, 1e-2)];
  const rested = await stepOnce(gpu, state, fifth, RESTS, part);
  const moved = await stepOnce(gpu, state, fifth, second, part);
  const all = await stepOnce(gpu, state, fifth);
  const early = await stepOnce(gpu, state, second);
  for (const name of ['weights', 'first', 'second'] as const) {
    const around = (values: Float32Array) => [...values.slice(0, 4), ...values.slice(8)];
    const inside = (values: Float32Array) => values.slice(...part);
    expect([around(rested[name]), around(moved[name])]).toEqual([around(all[name]), around(all[name])]);
    expect(inside(rested[name])).toEqual(inside(state[name]));
    expect(inside(moved[name])).toEqual(inside(early[name]));
  }
  expect(rested.gradients).toEqual(new Float32Array(12));
});

/** Nothing has changed but the gradients, which are 0. */
function expectStill(before: State, after: State) {
  for (const name of ['weights', 'first', 'second'] as const) expect(after[name]).toEqual(before[name]);
  expect(after.gradients).toEqual(new Float32Array(before.gradients.length));
}

type State = Record<'weights' | 'gradients' | 'first' | 'second', Float32Array>;

const LOSSES = Float32Array.of(1, 2, 3, 4, 5, 6, 0, 0);
const RESTS = adamwSchedule(ADAMW, 0, 1e-4);

async function stepOnce(
  gpu: GPU,
  state: State,
  schedule: Float32Array,
  own = RESTS,
  part: Part = [0, 0],
  losses = LOSSES,
) {
  const [squares, weights, gradients, first, second] = await runGraph(gpu, (g, feed) => {
    const tensor = (name: keyof State) => feed(name, [state[name].length], state[name]);
    const fed = {
      weights: tensor('weights'),
      gradients: tensor('gradients'),
      first: tensor('first'),
      second: tensor('second'),
    };
    const schedules = feed('schedule', [2, 4], Float32Array.of(...schedule, ...own));
    const norm = adamw(g, fed, feed('losses', [8], losses), schedules, ADAMW, part);
    return [norm, fed.weights, fed.gradients, fed.first, fed.second];
  });
  const missing = new Float32Array();
  return {
    squares: squares ?? missing,
    weights: weights ?? missing,
    gradients: gradients ?? missing,
    first: first ?? missing,
    second: second ?? missing,
  };
}

test('the learning rate falls by half a cosine, from first to last', () => {
  expect(cosineRate(0, 200, 1e-4, 1e-5)).toBeCloseTo(1e-4, 12);
  expect(cosineRate(100, 200, 1e-4, 1e-5)).toBeCloseTo(5.5e-5, 12);
  expect(cosineRate(200, 200, 1e-4, 1e-5)).toBeCloseTo(1e-5, 12);
});
