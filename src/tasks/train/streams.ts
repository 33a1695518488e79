import { randomStream } from '../evaluate/random.ts';

/** Everything random of a run has a stream of its own, by what it is for and when: nothing to be saved. */
export const STREAMS = { views: 1, order: 2, draw: 3, dropout: 4 } as const;

export const streamOf = (seed: number, purpose: number, when: number) =>
  randomStream(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose, 0x85ebca77) ^ Math.imul(when + 1, 0xc2b2ae3d),
  );
