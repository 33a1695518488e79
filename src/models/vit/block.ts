import { MAX_BINDING_BYTES, rowsOf, type Tensor } from '../../graph/tensor.ts';
import { linear, linearOutputs } from '../../nn/linear.ts';
import { slicedMlp } from '../../nn/mlp.ts';
import { norm } from '../../nn/norm.ts';
import type { Scope } from '../../nn/scope.ts';
import type { Columns } from '../../ops/attention.ts';
import { attentionRelpos } from '../../ops/attention-relpos.ts';
import { relativePositions } from './position.ts';

/** torch.nn.LayerNorm's eps in SAM's ViT. */
const EPS = 1e-6;

export interface VitBlockConfig {
  readonly heads: number;
  /** Window side in tokens; 0 = global. */
  readonly window: number;
  /** Rows of the relative position tables that the checkpoint has. */
  readonly relativeRows: number;
}

/** One pre-norm block of SAM's ViT (image_encoder.py, Block): x [side, side, channels] to the same. */
export function vitBlock(scope: Scope, x: Tensor, { heads, window, relativeRows }: VitBlockConfig): Tensor {
  const [side = 0, , channels = 0] = x.shape;
  const headDim = channels / heads;
  const attn = scope.at('attn');
  const { q, k, v } = projections(attn.at('qkv'), norm(scope.at('norm1'), x, EPS), channels);
  const reach = window || side;
  const table = (axis: 'h' | 'w') => relativePositions(attn, axis, relativeRows, reach, headDim);
  const attended = attentionRelpos(scope.graph, q, k, v, {
    heads,
    headDim,
    map: [side, side],
    window: [reach, reach],
    // Windows are padded after norm1, as zeros, so what padding projects to is the bias.
    pad: { tensor: attn.tensor('qkv.bias', [3 * channels]), k: channels, v: 2 * channels },
    relH: table('h'),
    relW: table('w'),
    name: attn.path,
  });
  const y = linear(attn.at('proj'), attended, channels, { residual: x });
  const hidden = norm(scope.at('norm2'), y, EPS);
  return slicedMlp(scope.at('mlp'), hidden, [4 * channels, channels], {
    activation: 'gelu',
    residual: y,
    names: ['lin1', 'lin2'],
  });
}

/** One fused projection, or three where it would not fit a binding. */
function projections(scope: Scope, x: Tensor, channels: number): Record<'q' | 'k' | 'v', Columns> {
  const of = 3 * channels;
  if (rowsOf(x) * of * 4 <= MAX_BINDING_BYTES) {
    const tensor = linear(scope, x, of);
    return {
      q: { tensor, start: 0 },
      k: { tensor, start: channels },
      v: { tensor, start: 2 * channels },
    };
  }
  const alone = (start: number) => ({
    tensor: linearOutputs(scope, x, { start, count: channels, of }),
    start: 0,
  });
  return { q: alone(0), k: alone(channels), v: alone(2 * channels) };
}
