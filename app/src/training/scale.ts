import type { Scale } from '../../../src/training.ts';

/** The axis of what goes from 0 to 1. */
export const SHARE: Scale = { place: (value) => value, ticks: [0, 0.25, 0.5, 0.75, 1] };
