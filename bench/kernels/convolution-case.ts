import type { Kernel } from '../../src/gpu/kernel.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { MAX_BINDING_BYTES } from '../../src/graph/tensor.ts';
import { ACTIVATIONS, type Activation } from '../../src/ops/activation.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { matmul } from '../../src/ops/matmul.ts';
import type { Recorder } from './recorder.ts';

export interface Convolution {
  /** Of a square map. */
  readonly side: number;
  readonly channels: number;
  /** Of a square kernel. */
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly cols: number;
  readonly activation?: Activation;
  readonly residual?: boolean;
}

interface Convolved {
  readonly versions: Readonly<Record<'now' | 'v0', Recorder>>;
  /** What it is held to: as many rows as it has output pixels, with the same epilogue. */
  readonly product: { readonly shape: string; readonly record: Recorder };
}

/** A convolution as the engine records it now and as version 0 did, and the matrix product of its shape. */
export function convolutionVersions(kernelV0: Kernel, of: Convolution): Convolved {
  const { side, channels, kernel, stride, padding, cols, activation = 'none', residual = false } = of;
  const out = Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const rows = out * out;
  const steps = kernel * kernel * channels;
  const inputs = (g: Graph) =>
    [g.external('x', [side, side, channels]), g.external('w', [kernel, kernel, channels, cols])] as const;
  const epilogue = (g: Graph) => ({
    bias: g.external('bias', [cols]),
    ...(residual ? { residual: g.external('residual', [rows, cols]) } : {}),
  });
  const now = (g: Graph) => {
    conv2d(g, ...inputs(g), { stride, padding, activation, ...epilogue(g) });
  };
  const v0 = (g: Graph) => {
    const [x, w] = inputs(g);
    const { bias, residual: added = w } = epilogue(g);
    g.record(
      kernelV0,
      { x, w, bias, residual: added, y: g.tensor('y', [out, out, cols]) },
      {
        height: side,
        width: side,
        channels4: channels / 4,
        kernel_height: kernel,
        kernel_width: kernel,
        stride,
        padding,
        out_width: out,
        rows,
        cols4: cols / 4,
        residual_rows: rows,
      },
      {
        workgroups: [Math.ceil(cols / 32), Math.ceil(rows / 32), 1],
        tuning: { ACTIVATION: ACTIVATIONS[activation], BIAS: 1, RESIDUAL: residual ? 1 : 0 },
        flops: 2 * rows * cols * steps,
      },
    );
  };
  // A row of the product's x holds all that a pixel's sum is made of, so that x may be too large for a binding. The sums are
  // cut short then, not the rows: as many workgroups compute tiles as large, and rates are compared, not times.
  const inner = Math.min(steps, 4 * Math.floor(MAX_BINDING_BYTES / (16 * rows)));
  const record = (g: Graph) => {
    matmul(g, g.external('x', [rows, inner]), g.external('w', [inner, cols]), { activation, ...epilogue(g) });
  };
  const cut = inner < steps ? ` (${inner} of ${steps} steps)` : '';
  return { versions: { now, v0 }, product: { shape: `${rows}x${inner}x${cols}${cut}`, record } };
}
