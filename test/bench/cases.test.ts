import { describe, expect, it, vi } from 'vitest';
import { kernelCases } from '../../bench/kernels/cases.ts';
import { readLadder } from '../../bench/kernels/ladder.ts';
import type { Recorder } from '../../bench/kernels/recorder.ts';
import { interleave, summarise } from '../../bench/measure.ts';
import { Graph } from '../../src/graph/graph.ts';
import { bytesOf, MAX_BINDING_BYTES } from '../../src/graph/tensor.ts';

const TRAITS = [
  { cpu: false, subgroups: false },
  { cpu: true, subgroups: false },
  { cpu: true, subgroups: true },
];

describe('the bench', () => {
  const ladder = readLadder();

  it('has the roofs and a version 0 of each ladder', () => {
    expect(Object.keys(ladder).sort()).toEqual([
      'attention_v0',
      'conv2d_v0',
      'matmul_v0',
      'roof_copy',
      'roof_copy4',
      'roof_fma2',
      'roof_fma4',
      'roof_fma8',
      'roof_fma8_f16',
      'roof_workgroup',
    ]);
  });

  it('records the same work by each version of a case on every kind of device, one dispatch on those without variants', () => {
    for (const traits of TRAITS)
      for (const { name, versions } of kernelCases(ladder, true, traits.cpu)) {
        const work = Object.entries(versions).map(([version, record]) => {
          const g = new Graph(name, traits);
          record(g);
          const { dispatches } = g.finish();
          if (traits.cpu || version === 'v0') expect(dispatches.length).toBe(1);
          // What goes before or after a kernel is little beside it.
          const [main = 0, ...others] = dispatches.map(({ flops }) => flops).sort((a, b) => b - a);
          expect(others.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(0.15 * main);
          return dispatches.reduce((sum, { flops }) => sum + flops, 0);
        });
        expect(new Set(work).size, name).toBe(1);
      }
  });

  it('holds each convolution to one product of its rows, columns and epilogue, as deep as a binding allows', () => {
    for (const traits of TRAITS) {
      const recorded = (name: string, record: Recorder) => {
        const g = new Graph(name, traits);
        record(g);
        const [dispatch, ...others] = g.finish().dispatches;
        // Where the inner axis is cut into chunks what adds them up has the epilogue, and is not timed: some microseconds.
        const last = others[0] ?? dispatch;
        expect(others.map(({ kernel }) => kernel.name)).toEqual(last === dispatch ? [] : ['matmul_join']);
        const { ACTIVATION, BIAS, RESIDUAL } = last?.tuning ?? {};
        const { rows, cols4, residual_rows } = last?.params ?? {};
        return { dispatch, same: { ACTIVATION, BIAS, RESIDUAL, rows, cols4, residual_rows } };
      };
      const depths = kernelCases(ladder, true, traits.cpu).flatMap(({ op, name, versions, product }) => {
        expect(product !== undefined, name).toBe(op === 'conv2d');
        if (!product || !versions['now']) return [];
        const convolution = recorded(name, versions['now']);
        const { dispatch, same } = recorded(product.name, product.record);
        expect(same, name).toEqual(convolution.same);
        for (const tensor of dispatch?.operands ?? [])
          expect(bytesOf(tensor), name).toBeLessThanOrEqual(MAX_BINDING_BYTES);
        return { name: product.name, depth: (dispatch?.flops ?? 0) / (convolution.dispatch?.flops ?? 0) };
      });
      expect(depths).toEqual([
        { name: 'nano patches, as a product 4096x196x32', depth: 1 },
        { name: 'mask head, as a product 256x2304x64', depth: 1 },
        { name: 'tiny patches, as a product 65536x196x96', depth: 1 },
        {
          name: 'mask head, S = 1024, as a product 65536x512x64 (512 of 2304 steps)',
          depth: 512 / 2304,
        },
        { name: 'mask head, S = 1024, as a product 65536x512x64 (512 of 576 steps)', depth: 512 / 576 },
      ]);
    }
  });

  it('has a GPU’s variants beside each other', () => {
    const versionsOf = (part: string) =>
      Object.keys(kernelCases(ladder, true, false).find(({ name }) => name.includes(part))?.versions ?? {});
    expect(versionsOf('tiny global')).toEqual([...['now', 'flash 32', 'tile 64', 'lane', 'v0']]);
    expect(versionsOf('tokens to image, S = 1024')).toEqual(['now', 'tile 16', 'lane', 'v0']);
    expect(versionsOf('ViT-B global')).toEqual(['now', 'flash 32', 'tile 64', 'v0']);
  });

  it('takes the middle of the rounds', () => {
    expect(summarise([3, 1, 2])).toMatchObject({ median: 2, min: 1, max: 3 });
    expect(summarise([4, 1, 2, 3]).median).toBe(2.5);
  });

  it('lets contestants take turns', async () => {
    const order: string[] = [];
    const enter = (name: string) => async () => order.push(name);
    const times = await interleave({ a: enter('a'), b: enter('b') }, { rounds: 2 });
    expect(order.join('')).toBe('ababab');
    expect(times.a.rounds.length).toBe(2);
  });

  it('ends with the round in which its time is up, and runs one in any case', async () => {
    const order: string[] = [];
    const slow = async () => {
      order.push('slow');
      await new Promise((done) => setTimeout(done, 20));
    };
    const times = await interleave({ slow }, { rounds: 9, budgetMs: 1 });
    expect(times.slow.rounds.length).toBe(1);
    expect(order.length).toBe(2);
  });

  it('gives what is short more rounds in a turn', async () => {
    const order: string[] = [];
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const enter = (name: string, ms: number) => async () => {
      order.push(name);
      now += ms;
    };
    const contestants = { short: enter('s', 1), long: enter('l', 60) };
    const times = await interleave(contestants, { rounds: 1, warmUp: 0, turnMs: 50 });
    clock.mockRestore();
    expect(order.join('')).toBe('ssssssssl');
    expect([times.short.rounds.length, times.long.rounds.length]).toEqual([8, 1]);
  });

  it('says between which values half of the rounds lie', () => {
    expect(summarise([1, 2, 3, 4, 5])).toMatchObject({ q1: 2, median: 3, q3: 4 });
    expect(summarise([])).toMatchObject({ median: 0 });
  });
});
