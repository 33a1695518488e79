import type { Tensor } from '../graph/tensor.ts';
import { conv } from '../nn/conv.ts';
import { conv1x1 } from '../nn/linear.ts';
import { norm } from '../nn/norm.ts';
import type { Scope } from '../nn/scope.ts';

/** Channels of an image embedding. */
const EMBEDDING = 256;
/** LayerNorm2d's eps in SAM. */
const EPS = 1e-6;

/** SAM's neck: 1 x 1 and 3 x 3 convolutions without bias, each with a LayerNorm2d. [h, w, channels] to [h, w, 256]. */
export function samNeck(scope: Scope, x: Tensor): Tensor {
  const narrow = norm(scope.at('1'), conv1x1(scope.at('0'), x, EMBEDDING, { bias: false }), EPS);
  const options = { kernel: 3, stride: 1, padding: 1, bias: false } as const;
  return norm(scope.at('3'), conv(scope.at('2'), narrow, EMBEDDING, options), EPS);
}
