import { ShapeError } from '../errors.ts';
import { maskDownscale as kernel } from '../generated/kernels.ts';
import type { Graph } from '../graph/graph.ts';
import type { DifferentiableOp } from '../graph/tape.ts';
import { expect, expectShape, type Tensor } from '../graph/tensor.ts';
import { ACTIVATIONS } from './activation.ts';
import { laneGrid } from './lane-grid.ts';

/** Channels after the first and after the second convolution. */
const [MIDDLE, OUT] = [4, 16];
/** The 2 x 2 taps of either. */
const TAPS = 4;

/** Lengths of the tensors that `packMaskDownscale` takes, in its order. */
const LENGTHS = [TAPS * MIDDLE, MIDDLE, MIDDLE, MIDDLE, OUT * MIDDLE * TAPS, OUT, OUT, OUT];

/** Values in the packed weights of `maskDownscale`. */
export const MASK_DOWNSCALE_VALUES = LENGTHS.reduce((sum, length) => sum + length, 0);

/** By its mask alone: see mask-downscale-grad.ts. */
export const MASK_DOWNSCALE: DifferentiableOp<{ readonly mask: Tensor; readonly weights: Tensor }> = {
  name: 'maskDownscale',
};

/**
 * A mask of logits as features: conv 2x2 stride 2 to 4 channels, LayerNorm2d, GELU, conv 2x2 stride 2 to 16
 * channels, LayerNorm2d, GELU, in one kernel. SAM's 1x1 convolution to 256 channels is a matmul after it.
 *
 * @param mask [H, W], multiples of 4
 * @param weights [332], made by `packMaskDownscale`
 * @returns [H / 4, W / 4, 16]
 * @throws ShapeError where the shapes do not fit.
 */
export function maskDownscale(
  g: Graph,
  mask: Tensor,
  weights: Tensor,
  { name = `maskDownscale(${mask.name})` }: { readonly name?: string } = {},
): Tensor {
  const [height = 0, width = 0] = mask.shape;
  expect(
    mask.shape.length === 2 && height % 4 === 0 && width % 4 === 0,
    'maskDownscale',
    () => `'${mask.name}' has shape [${mask.shape}], expected [H,W] in multiples of 4`,
  );
  expectShape('maskDownscale', weights, [MASK_DOWNSCALE_VALUES]);
  const y = g.tensor(name, [height / 4, width / 4, OUT]);
  const pixels = (height * width) / 16;
  g.record(
    kernel,
    { mask, weights, y },
    { pixels, width: width / 4 },
    {
      workgroups: laneGrid(kernel, pixels),
      tuning: { ACTIVATION: ACTIVATIONS.gelu },
      flops: 2 * pixels * TAPS * MIDDLE * (TAPS + OUT),
    },
  );
  expect(
    !g.needsGradient(weights),
    'maskDownscale',
    () => `'${weights.name}' cannot be trained: there is a gradient by the mask alone`,
  );
  g.note(MASK_DOWNSCALE, { mask, weights }, y, [mask]);
  return y;
}

/**
 * Packs PyTorch's tensors, in the order conv1.weight [4, 1, 2, 2], conv1.bias [4], norm1.weight [4], norm1.bias [4],
 * conv2.weight [16, 4, 2, 2], conv2.bias [16], norm2.weight [16], norm2.bias [16], one after the other; the
 * convolutions as [2, 2, in, out].
 *
 * @throws ShapeError where a tensor has another length.
 */
export function packMaskDownscale(values: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(MASK_DOWNSCALE_VALUES);
  let to = 0;
  for (const [i, length] of LENGTHS.entries()) {
    const tensor = values[i];
    if (tensor?.length !== length)
      throw new ShapeError(
        `packMaskDownscale: tensor ${i} has ${tensor?.length ?? 'no'} values, expected ${length}`,
      );
    const out = i === 0 ? MIDDLE : OUT;
    packed.set(i % 4 === 0 ? outLast(tensor, out) : tensor, to);
    to += length;
  }
  return packed;
}

/** [out, in, 2, 2] to [2, 2, in, out]. */
function outLast(values: Float32Array, out: number): Float32Array {
  const inputs = values.length / out / TAPS;
  return values.map((_, i) => {
    const [n, c, tap] = [i % out, Math.floor(i / out) % inputs, Math.floor(i / out / inputs)];
    return values[(n * inputs + c) * TAPS + tap] ?? 0;
  });
}
