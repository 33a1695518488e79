import { describe, expect, test } from 'vitest';
import { Graph, type Recording } from '../../src/graph/graph.ts';
import { type Plan, plan, sharedSlots } from '../../src/graph/plan.ts';
import { bytesOf, type Tensor } from '../../src/graph/tensor.ts';
import { chain, recordAdd, seeded } from './toy.ts';

/** First and last dispatch that mentions a tensor: the definition, by looking through all of them for each tensor. */
function lifetimeOf(recording: Recording, tensor: Tensor): readonly [number, number] {
  const uses = recording.dispatches.flatMap(({ operands }, i) => (operands.includes(tensor) ? [i] : []));
  return [Math.min(...uses), Math.max(...uses)];
}

/** Everything that a plan promises, whatever its way of choosing. */
function expectSound(recording: Recording, { slotOf, slotBytes, ...sums }: Plan): void {
  const written = new Set(
    recording.dispatches.flatMap(({ kernel, operands }) =>
      operands.filter((_, i) => kernel.bindings[i]?.writes),
    ),
  );
  const pooled = [...written].filter((tensor) => !recording.outputs.has(tensor));
  expect(new Set(slotOf.keys())).toEqual(new Set(pooled));
  for (const [tensor, slot] of slotOf) {
    expect(slotBytes[slot]).toBeGreaterThanOrEqual(bytesOf(tensor));
    const [first, last] = lifetimeOf(recording, tensor);
    for (const [other, place] of slotOf) {
      if (other === tensor || place !== slot) continue;
      const [from, to] = lifetimeOf(recording, other);
      expect(to < first || last < from, `${tensor.name} and ${other.name} meet in slot ${slot}`).toBe(true);
    }
  }
  // A slot is as large as its largest tenant, and no slot is empty.
  slotBytes.forEach((bytes, slot) => {
    const tenants = [...slotOf].filter(([, place]) => place === slot).map(([tensor]) => bytesOf(tensor));
    expect(Math.max(...tenants)).toBe(bytes);
  });
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const outputs = [...recording.outputs.keys()].map(bytesOf);
  expect(sums.peakBytes).toBe(total(slotBytes) + total(outputs));
  expect(sums.totalBytes).toBe(total([...written].map(bytesOf)));
  expect(sums.largestBytes).toBe(Math.max(0, ...slotBytes, ...outputs));
  // At any moment what is alive must fit.
  recording.dispatches.forEach((_, now) => {
    const alive = [...slotOf.keys()].filter((tensor) => {
      const [first, last] = lifetimeOf(recording, tensor);
      return first <= now && now <= last;
    });
    expect(total(alive.map(bytesOf))).toBeLessThanOrEqual(total(slotBytes));
  });
}

/** Up to 40 dispatches that read anything there is, near or far, and write something new or something old. */
function randomRecording(seed: number): Recording {
  const next = seeded(seed);
  const below = (count: number) => Math.floor(next() * count);
  const g = new Graph(`random ${seed}`);
  const there: Tensor[] = [g.external('x', [4])];
  const pick = () =>
    there[next() < 0.6 ? Math.max(0, there.length - 1 - below(3)) : below(there.length)] as Tensor;
  const count = 1 + below(40);
  for (let i = 0; i < count; i++) {
    const old = there.filter(({ kind }) => kind === 'activation');
    const again = old.length > 0 && next() < 0.1 ? old[below(old.length)] : undefined;
    const [a, b] = [pick(), pick()];
    // A dispatch may not read what it writes.
    const y = again && again !== a && again !== b ? again : g.tensor(`y${i}`, [4 * (1 + below(64))]);
    recordAdd(g, a, b, y);
    if (!there.includes(y)) there.push(y);
  }
  for (const tensor of there) if (tensor.kind === 'activation' && next() < 0.1) g.output(tensor);
  return g.finish();
}

describe('plan', () => {
  test('500 random recordings: lifetimes never overlap in a slot, outputs have none, sums are right', () => {
    let saved = 0;
    for (let seed = 0; seed < 500; seed++) {
      const recording = randomRecording(seed);
      const planned = plan(recording);
      expectSound(recording, planned);
      saved += planned.peakBytes / planned.totalBytes;
    }
    console.log(
      `random recordings: the peak is ${((100 * saved) / 500).toFixed(0)} % of all activations on average`,
    );
    expect(saved / 500).toBeLessThan(0.7);
  });

  test('a chain lives in two slots, however long it is', () => {
    const { g } = chain(Array(20).fill(256));
    const planned = plan(g.finish());
    expect(planned.slotBytes).toEqual([1024, 1024]);
    // Two slots and the output.
    expect(planned.peakBytes).toBe(3 * 1024);
    expect(planned.totalBytes).toBe(20 * 1024);
  });

  test('operands of one dispatch never share a slot: WebGPU refuses to read and write one buffer', () => {
    const { g, steps } = chain([64, 64, 64]);
    const { slotOf } = plan(g.finish());
    const [first, second] = steps as [Tensor, Tensor];
    expect(slotOf.get(first)).not.toBe(slotOf.get(second));
  });

  test('a result that nobody reads still has a place of its own for its dispatch', () => {
    const g = new Graph('unread');
    const x = g.external('x', [4]);
    const [unread, used] = [g.tensor('unread', [4]), g.tensor('used', [4])];
    recordAdd(g, x, x, unread);
    recordAdd(g, x, x, used);
    recordAdd(g, used, x, g.output(g.tensor('y', [4])));
    expectSound(g.finish(), plan(g.finish()));
  });

  test('outputs have no slot, even those that a later dispatch reads', () => {
    const { g, steps } = chain([64, 64, 64]);
    const [first] = steps as [Tensor];
    g.output(first, 'kept');
    const planned = plan(g.finish());
    expect(planned.slotOf.has(first)).toBe(false);
    expectSound(g.finish(), planned);
  });

  test('reading before anything wrote is an error that names recording, dispatch, kernel and tensor', () => {
    const g = new Graph('early');
    const x = g.external('x', [4]);
    const late = g.tensor('late', [4]);
    recordAdd(g, x, late, g.tensor('y', [4]));
    recordAdd(g, x, x, late);
    expect(() => plan(g.finish())).toThrow(
      "recording 'early': dispatch 0 (add) reads 'late' before anything wrote it",
    );
  });

  test('an output that is never written is an error', () => {
    const g = new Graph('empty');
    g.output(g.tensor('y', [4]));
    expect(() => plan(g.finish())).toThrow("recording 'empty': output 'y' is never written");
  });

  test('an empty recording takes nothing', () => {
    expect(plan(new Graph('empty').finish())).toMatchObject({ slotBytes: [], peakBytes: 0, largestBytes: 0 });
  });
});

describe('sharedSlots', () => {
  const of = (...slotBytes: number[]): Plan => ({
    slotBytes,
    slotOf: new Map(),
    peakBytes: 0,
    totalBytes: 0,
    largestBytes: 0,
  });

  test('the k-th is the largest of the k-th largest', () => {
    expect(sharedSlots([of(10, 40, 20), of(30, 30), of(5, 5, 5, 5)])).toEqual([40, 30, 10, 5]);
    expect(sharedSlots([])).toEqual([]);
  });

  test('every plan fits, and there is never more than the sum of all', () => {
    for (let seed = 0; seed < 100; seed++) {
      const plans = [3 * seed, 3 * seed + 1, 3 * seed + 2].map((each) => plan(randomRecording(each)));
      const shared = sharedSlots(plans);
      for (const { slotBytes } of plans)
        [...slotBytes]
          .sort((a, b) => b - a)
          .forEach((bytes, k) => {
            expect(shared[k]).toBeGreaterThanOrEqual(bytes);
          });
      expect(shared.length).toBe(Math.max(...plans.map(({ slotBytes }) => slotBytes.length)));
    }
  });
});
