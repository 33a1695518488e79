/** Gradients of ops by random inputs, for two engines to agree on; runs in Node and in Deno. */
import type { Graph, GraphTraits } from '../../src/graph/graph.ts';
import type { Derivative } from '../../src/graph/tape.ts';
import { sizeOf, type Tensor } from '../../src/graph/tensor.ts';
import { attention } from '../../src/ops/attention.ts';
import { attentionGrad } from '../../src/ops/attention-grad.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { conv2dGrad } from '../../src/ops/conv2d-grad.ts';
import { dropout } from '../../src/ops/dropout.ts';
import { dropoutGrad } from '../../src/ops/dropout-grad.ts';
import { embedPoints } from '../../src/ops/embed-points.ts';
import { embedPointsGrad } from '../../src/ops/embed-points-grad.ts';
import { layernorm } from '../../src/ops/layernorm.ts';
import { layernormGrad } from '../../src/ops/layernorm-grad.ts';
import { maskDot } from '../../src/ops/mask-dot.ts';
import { maskDotGrad } from '../../src/ops/mask-dot-grad.ts';
import { maskDownscale } from '../../src/ops/mask-downscale.ts';
import { maskDownscaleGrad } from '../../src/ops/mask-downscale-grad.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { matmulGrad } from '../../src/ops/matmul-grad.ts';
import { resizeBilinear } from '../../src/ops/resize-bilinear.ts';
import { resizeBilinearGrad } from '../../src/ops/resize-bilinear-grad.ts';
import { upscaleNormGelu } from '../../src/ops/upscale-norm-gelu.ts';
import { upscaleNormGeluGrad } from '../../src/ops/upscale-norm-gelu-grad.ts';
import { randomValues } from '../close.ts';
import { runGraph } from '../run-graph.ts';
import { gpuWith } from './variant-traits.ts';

/** Makes an input of random values; it is differentiated by unless it is frozen. */
type Input = (shape: readonly number[], frozen?: 'frozen') => Tensor;

interface Case {
  readonly derivative: Derivative;
  readonly record: (g: Graph, input: Input, seed: () => Tensor) => Tensor;
}

const CASES: Readonly<Record<string, Case>> = {
  attention: {
    derivative: attentionGrad,
    record: (g, input) => {
      const [q, k, v] = [input([9, 32]), input([600, 32]), input([600, 32])];
      const all = (tensor: Tensor) => ({ tensor, start: 0 });
      return attention(g, all(q), all(k), all(v), { heads: 2, headDim: 16 });
    },
  },
  layernorm: {
    derivative: layernormGrad,
    record: (g, input) => layernorm(g, input([67, 12]), input([12]), input([12]), { eps: 1e-5 }),
  },
  'layernorm, by its weights alone': {
    derivative: layernormGrad,
    record: (g, input) => layernorm(g, input([67, 12], 'frozen'), input([12]), input([12]), { eps: 1e-5 }),
  },
  matmul: {
    derivative: matmulGrad,
    record: (g, input) => matmul(g, input([131, 68]), input([68, 36]), { bias: input([36]) }),
  },
  conv2d: {
    derivative: conv2dGrad,
    record: (g, input) =>
      conv2d(g, input([7, 13, 12]), input([3, 3, 12, 12]), { bias: input([12]), stride: 1, padding: 1 }),
  },
  maskDot: {
    derivative: maskDotGrad,
    record: (g, input) => maskDot(g, input([5, 7, 32]), input([10, 14, 8]), input([5, 8])),
  },
  upscaleNormGelu: {
    derivative: upscaleNormGeluGrad,
    record: (g, input) =>
      upscaleNormGelu(g, input([5, 7, 32]), input([10, 14, 8]), input([8]), input([8]), { eps: 1e-3 }),
  },
  maskDownscale: {
    derivative: maskDownscaleGrad,
    record: (g, input) => maskDownscale(g, input([20, 52]), input([332], 'frozen')),
  },
  embedPoints: {
    derivative: embedPointsGrad,
    record: (g, input) =>
      embedPoints(
        g,
        input([17, 2]),
        input([17], 'frozen'),
        input([2, 128], 'frozen'),
        input([5, 256], 'frozen'),
        { imageSize: 256, scale: 256 },
      ),
  },
  resizeBilinear: {
    derivative: resizeBilinearGrad,
    record: (g, input) => resizeBilinear(g, input([2, 13, 5]), [7, 17]),
  },
  dropout: {
    derivative: dropoutGrad,
    record: (g, input, seed) => dropout(g, input([404]), seed(), { rate: 0.3, salt: 5 }),
  },
};

/** Kernels of software adapters without subgroups, which every engine can run and SwiftShader compiles soonest. */
export const SOFTWARE: Partial<GraphTraits> = { cpu: true, subgroups: false };

/** Those, and the kernels of GPUs. */
export const VARIANTS: Readonly<Record<string, Partial<GraphTraits>>> = {
  default: { cpu: false },
  plain: gpuWith('plain'),
  'tile 32': gpuWith('tile 32'),
  'tile 64': gpuWith('tile 64'),
  'tile 64 8x4': gpuWith('tile 64 8x4'),
  software: SOFTWARE,
};

/** By op and number of the input: the gradient of the sum of the op's values, weighted. */
export async function gradients(
  gpu: GPU,
  traits: Partial<GraphTraits>,
): Promise<Record<string, readonly number[]>> {
  const found: Record<string, readonly number[]> = {};
  for (const [name, { derivative, record }] of Object.entries(CASES)) {
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const watched: Tensor[] = [];
        let made = 0;
        const input: Input = (shape, frozen) => {
          made += 1;
          const size = shape.reduce((product, n) => product * n, 1);
          const tensor = feed(`input ${made}`, shape, randomValues(size, made));
          if (!frozen) watched.push(g.watch(tensor));
          return tensor;
        };
        const y = record(g, input, () => feed('seed', [1], Uint32Array.of(11)));
        const dy = feed('dy', y.shape, randomValues(sizeOf(y), 99));
        g.accumulate(y, () => dy);
        g.backward([derivative]);
        return watched.map((tensor) => {
          const gradient = g.gradientOf(tensor);
          if (!gradient) throw new Error(`${name}: '${tensor.name}' got no gradient`);
          return gradient;
        });
      },
      traits,
    );
    for (const [i, result] of results.entries()) found[`${name}, input ${i}`] = [...result];
  }
  return found;
}
