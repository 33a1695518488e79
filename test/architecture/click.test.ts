import { expect, test } from 'vitest';
import { loadDecoder } from '../../src/tasks/decoders.ts';
import {
  type DecodeSpec,
  type HeadContext,
  recordDecoder,
  recordEncoder,
  recordImageTerms,
  recordMasks,
  recordPreprocess,
} from '../../src/tasks/recordings.ts';
import { configOf, contextOf, MODELS, PLAIN } from './models.ts';

/** A dispatch costs some 30 us in the GPU process: more would take longer than their arithmetic. */
const MOST = 30;

const answers = { single: 1, stable: 1, multi: 3 } as const;

/** Dispatches of a click on a device that is no software adapter, by its stages. */
function counted(context: HeadContext, spec: DecodeSpec): [number, number] {
  const picture = { width: 640, height: 480, scored: false, logits: false, classMap: false };
  const masks = recordMasks(context, { ...picture, answers: answers[spec.choice] });
  return [recordDecoder(context, spec, 0).dispatches.length, masks.dispatches.length];
}

test.each(MODELS.filter((model) => !/LoRA/.test(model)))(
  'a click on %s takes at most 30 dispatches',
  async (model) => {
    const config = configOf(model);
    const context = { config, traits: PLAIN, decoder: await loadDecoder(config, PLAIN) };
    const counts = (['single', 'stable', 'multi'] as const).flatMap((choice) =>
      [1, 2, 3, 9, 20, 100].map((points) => {
        const [decode, masks] = counted(context, { points, mask: false, classes: [], choice });
        expect(decode + masks).toBeLessThanOrEqual(MOST);
        return `${decode} + ${masks}`;
      }),
    );
    // On small maps a look at a hundred tokens is cut in chunks, which another dispatch puts together.
    expect(counts.filter((count) => !/^2[02] \+ [37]$/.test(count))).toEqual([]);
    expect(counts[0]).toBe('20 + 3');
  },
);

test('an encode of tiny takes at most 110 dispatches, from the picture to what only it decides', () => {
  const context = contextOf('tiny', PLAIN);
  const counts = [recordPreprocess(context, 640, 480), recordEncoder(context), recordImageTerms(context)].map(
    ({ dispatches }) => dispatches.length,
  );
  console.log(`tiny: ${counts.join(' + ')} dispatches`);
  expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(110);
});

test('software adapters and low-rank terms keep an op a dispatch', async () => {
  expect(await loadDecoder(configOf('tiny'), { ...PLAIN, cpu: true })).toBeUndefined();
  expect(await loadDecoder(configOf('Sam2Rad nano with adapters and LoRA'), PLAIN)).toBeUndefined();
});

test('no kernel of the fused decoder passes WebGPU`s default limits', async () => {
  for (const model of MODELS) {
    const config = configOf(model);
    const context = { config, traits: PLAIN, decoder: await loadDecoder(config, PLAIN) };
    for (const points of [1, 100])
      for (const { kernel, workgroups } of recordDecoder(
        context,
        { points, mask: false, classes: [], choice: 'stable' },
        0,
      ).dispatches) {
        expect(kernel.bindings.length).toBeLessThanOrEqual(8);
        expect(Math.max(...workgroups)).toBeLessThanOrEqual(65_535);
      }
  }
});
