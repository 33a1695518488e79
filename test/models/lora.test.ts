import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { loraLinear } from '../../src/nn/lora.ts';
import { Scope } from '../../src/nn/scope.ts';
import { randomValues } from '../close.ts';
import { gpuTest } from '../gpu-device.ts';
import { at } from '../ops/definitions.ts';
import { outputsOf } from './golden.ts';
import { judge, NANO_LIMITS, runGolden } from './golden-run.ts';

describe('adapters and LoRA', () => {
  gpuTest('nano-sam2rad-adapter-lora equals PyTorch on Dawn', async (gpu) => {
    const name = 'nano-sam2rad-adapter-lora';
    const errors = await runGolden(name, gpu);
    judge(name, errors, NANO_LIMITS);
    expect([...errors.keys()].sort()).toEqual(await outputsOf(name));
  });

  test('the low-rank term is part of the weight, rounded once', () => {
    const [inner, cols, rank] = [8, 4, 2];
    const g = new Graph('test');
    loraLinear(new Scope(g, 'q_proj'), g.external('x', [3, inner]), cols, rank);
    const { parameters, dispatches } = g.finish();
    expect(dispatches).toHaveLength(1);
    const parameter = parameters.find(({ tensor }) => tensor.name === 'q_proj.weight+lora');
    expect(parameter?.sources.map(({ key }) => key)).toEqual([
      'q_proj.weight',
      'q_proj.lora_a.weight',
      'q_proj.lora_b.weight',
    ]);
    const [w, a, b] = [
      randomValues(cols * inner, 1),
      randomValues(rank * inner, 2),
      randomValues(cols * rank, 3),
    ];
    const packed = parameter?.pack([w, a, b]) ?? [];
    for (let o = 0; o < cols; o++)
      for (let i = 0; i < inner; i++) {
        let exact = at(w, o * inner + i);
        for (let r = 0; r < rank; r++) exact += at(b, o * rank + r) * at(a, r * inner + i);
        expect(at(packed, i * cols + o)).toBe(Math.fround(exact));
      }
  });
});
