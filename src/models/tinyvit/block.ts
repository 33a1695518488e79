import type { Tensor } from '../../graph/tensor.ts';
import { depthwise } from '../../nn/conv.ts';
import { linear } from '../../nn/linear.ts';
import { mlp } from '../../nn/mlp.ts';
import { norm } from '../../nn/norm.ts';
import type { Scope } from '../../nn/scope.ts';
import { attentionBias } from '../../ops/attention-bias.ts';
import { matmul } from '../../ops/matmul.ts';

/** torch.nn.LayerNorm's default. */
const EPS = 1e-5;

export interface TinyVitBlockConfig {
  readonly heads: number;
  /** Window side in tokens. */
  readonly window: number;
}

/**
 * One block of TinyViT (tiny_vit_sam.py, TinyViTBlock): window attention with a table of biases, a depthwise 3 x 3
 * convolution, an MLP. x [side, side, channels] to the same.
 */
export function tinyVitBlock(scope: Scope, x: Tensor, { heads, window }: TinyVitBlockConfig): Tensor {
  const [side = 0, , channels = 0] = x.shape;
  const attn = scope.at('attn');
  const { tensor, pad } = projection(attn, norm(attn.at('norm'), x, EPS), channels, heads);
  const part = (start: number) => ({ tensor, start });
  const attended = attentionBias(scope.graph, part(0), part(channels), part(2 * channels), {
    heads,
    headDim: channels / heads,
    map: [side, side],
    window: [window, window],
    pad: { tensor: pad, k: channels, v: 2 * channels },
    bias: attn.tensor('attention_biases', [heads, window * window]),
    name: attn.path,
  });
  const y = linear(attn.at('proj'), attended, channels, { residual: x });
  const local = depthwise(scope.at('local_conv'), y, { kernel: 3, stride: 1, padding: 1 });
  const hidden = norm(scope.at('mlp.norm'), local, EPS);
  return mlp(scope.at('mlp'), hidden, [4 * channels, channels], {
    activation: 'gelu',
    residual: local,
    names: ['fc1', 'fc2'],
  });
}

/**
 * q, k and v of all heads, which the checkpoint keeps head by head: [rows, 3 * channels]. Windows are padded before
 * the norm here, as zeros, so a padding token is what the norm's bias projects to.
 */
function projection(attn: Scope, x: Tensor, channels: number, heads: number) {
  const qkv = attn.at('qkv');
  const [weightSource, biasSource] = [
    qkv.source('weight', [3 * channels, channels]),
    qkv.source('bias', [3 * channels]),
  ];
  const headDim = channels / heads;
  // Row of the checkpoint's weight that makes output `col`.
  const stored = (col: number) => {
    const [part, within] = [Math.floor(col / channels), col % channels];
    return Math.floor(within / headDim) * 3 * headDim + part * headDim + (within % headDim);
  };
  const of = 3 * channels;
  const weight = qkv.matrix('weight by part', [channels, of], [weightSource], (values) => {
    const packed = new Float32Array(channels * of);
    for (let col = 0; col < of; col++) {
      const row = stored(col) * channels;
      for (let i = 0; i < channels; i++) packed[i * of + col] = values[row + i] ?? 0;
    }
    return packed;
  });
  const bias = qkv.derived('bias by part', [of], [biasSource], (values) =>
    Float32Array.from({ length: of }, (_, col) => values[stored(col)] ?? 0),
  );
  const sources = [weightSource, biasSource, attn.source('norm.bias', [channels])];
  const pad = qkv.derived('padding', [of], sources, (weights, shift, token) =>
    Float32Array.from({ length: of }, (_, col) => {
      const row = stored(col);
      let sum = shift[row] ?? 0;
      for (let i = 0; i < channels; i++) sum += (weights[row * channels + i] ?? 0) * (token[i] ?? 0);
      return sum;
    }),
  );
  return { tensor: matmul(attn.graph, x, weight, { bias, name: qkv.path }), pad };
}
