import { describe, expect, test } from 'vitest';
import type { Recording } from '../../src/graph/graph.ts';
import { plan } from '../../src/graph/plan.ts';
import { bytesOf, MAX_BINDING_BYTES } from '../../src/graph/tensor.ts';
import { recordMasks, recordPreprocess, standardRecordings } from '../../src/tasks/recordings.ts';
import { costOf } from '../../src/tasks/stages.ts';
import {
  ALL_TRAITS,
  configOf,
  contextOf,
  MODELS,
  PLAIN,
  pictureRecordings,
  promptRecordings,
} from './models.ts';

const MIB = 2 ** 20;
/** What issue and README promise. */
const PEAK_SHARE = 0.35;

/** The largest operand of any kind, in words, after it and the grids were held against WebGPU's default limits. */
function largestOf(recordings: readonly Recording[]): string {
  const dispatches = recordings.flatMap((recording) => recording.dispatches);
  const [largest] = dispatches.flatMap(({ operands }) => operands).sort((a, b) => bytesOf(b) - bytesOf(a));
  if (!largest) throw new Error('nothing was recorded');
  expect(bytesOf(largest)).toBeLessThanOrEqual(MAX_BINDING_BYTES);
  expect(dispatches.filter(({ workgroups }) => workgroups.some((count) => count > 65_535))).toEqual([]);
  expect(dispatches.filter(({ kernel }) => kernel.bindings.length > 8)).toEqual([]);
  return `${(bytesOf(largest) / MIB).toFixed(0)} MiB, ${largest.kind} ${largest.name} [${largest.shape}]`;
}

describe('invariant 10: no binding over 128 MiB', () => {
  test.each(MODELS)('%s: weights, activations and outputs of every stage', (model) => {
    const config = configOf(model);
    expect(config.imageSize).toBe(/nano/.test(model) ? 256 : 1024);
    const recordings = ALL_TRAITS.flatMap((traits) => promptRecordings(contextOf(model, traits)));
    console.log(`${model} at S = ${config.imageSize}: ${largestOf(recordings)}`);
  });

  test('pictures of up to 32 Mpx and 65535 a side', () => {
    const recordings = pictureRecordings(contextOf('tiny', PLAIN), true);
    console.log(`pictures: ${largestOf(recordings)}`);
  });

  test('a picture of 32 Mpx with more classes than one binding holds at half its size', () => {
    const spec = { width: 5792, height: 5792, answers: 23, scored: true, logits: false, classMap: true };
    console.log(`23 classes: ${largestOf([recordMasks(contextOf('tiny', PLAIN), spec)])}`);
  });
});

describe('the planned peak is at most 35 % of the sum of all activations', () => {
  test.each(['nano', 'Sam2Rad nano', 'tiny', 'Sam2Rad tiny'] as const)('%s', (model) => {
    for (const traits of ALL_TRAITS) {
      const recordings = standardRecordings(contextOf(model, traits));
      const { peak, unshared } = costOf(recordings);
      const each = recordings.map((recording) => {
        const { peakBytes, totalBytes } = plan(recording);
        return `${recording.name} ${((100 * peakBytes) / totalBytes).toFixed(1)} %`;
      });
      if (traits.cpu === traits.subgroups)
        console.log(
          `${model}${traits.cpu ? ' (software adapter)' : ''}: planned peak ${(peak / MIB).toFixed(1)} of ${(unshared / MIB).toFixed(1)} MiB, ${((100 * peak) / unshared).toFixed(1)} %; alone: ${each.join(', ')}`,
        );
      expect(peak / unshared).toBeLessThanOrEqual(PEAK_SHARE);
      // Not only over all stages together, where sharing is easy: each stage for itself, too.
      // But for the image terms: whatever that stage makes, it keeps.
      for (const recording of recordings.filter(({ name }) => name !== 'image terms')) {
        const { peakBytes, totalBytes } = plan(recording);
        expect(peakBytes / totalBytes).toBeLessThanOrEqual(PEAK_SHARE);
      }
    }
  });
});

describe('the planned peak besides weights at S = 1024, matrices as f16: from a picture of that size to a mask', () => {
  test.each([
    ['ViT-H', 700e6],
    ['large', 500e6],
    ['tiny', 250e6],
  ] as const)('%s: at most %i bytes', (model, most) => {
    for (const { cpu, subgroups } of ALL_TRAITS) {
      const context = contextOf(model, { cpu, subgroups, storage: 'f16' });
      const answer = { width: 1024, height: 1024, answers: 1, scored: false, logits: false, classMap: true };
      const recordings = [
        recordPreprocess(context, 1024, 1024),
        ...standardRecordings(context),
        recordMasks(context, answer),
      ];
      // What no stage makes, the page uploads: pixels, clicks, a mask prompt.
      const made = new Set(recordings.flatMap(({ outputs }) => [...outputs.values()]));
      const uploads = new Map(
        recordings
          .flatMap(({ dispatches }) => dispatches.flatMap(({ operands }) => operands))
          .filter(({ kind, name }) => kind === 'external' && !made.has(name))
          .map((tensor) => [tensor.name, bytesOf(tensor)]),
      );
      const peak = [...uploads.values()].reduce((sum, bytes) => sum + bytes, costOf(recordings).peak);
      if (cpu === subgroups) console.log(`${model}: ${(peak / 1e6).toFixed(1)} MB`);
      expect(peak).toBeLessThanOrEqual(most);
    }
  });
});
