import type { Derivative } from '../../graph/tape.ts';
import { activateGrad } from '../../ops/activate-grad.ts';
import { addGrad } from '../../ops/add-grad.ts';
import { addPositionGrad } from '../../ops/add-position-grad.ts';
import { attentionBiasGrad } from '../../ops/attention-bias-grad.ts';
import { attentionGrad } from '../../ops/attention-grad.ts';
import { attentionRelposGrad } from '../../ops/attention-relpos-grad.ts';
import { boxCornersGrad } from '../../ops/box-corners-grad.ts';
import { convDepthwiseGrad } from '../../ops/conv-depthwise-grad.ts';
import { conv2dGrad } from '../../ops/conv2d-grad.ts';
import { concatRowsGrad, sliceRowsGrad } from '../../ops/copy-rows-grad.ts';
import { dotRowsGrad } from '../../ops/dot-rows-grad.ts';
import { dropoutGrad } from '../../ops/dropout-grad.ts';
import { embedPointsGrad } from '../../ops/embed-points-grad.ts';
import { layernormGrad } from '../../ops/layernorm-grad.ts';
import { maskDotGrad } from '../../ops/mask-dot-grad.ts';
import { maskDownscaleGrad } from '../../ops/mask-downscale-grad.ts';
import { matmulGrad } from '../../ops/matmul-grad.ts';
import { maxPool2x2Grad } from '../../ops/max-pool2x2-grad.ts';
import { resizeBilinearGrad } from '../../ops/resize-bilinear-grad.ts';
import { upsampleAddGrad } from '../../ops/upsample-add-grad.ts';
import { upscaleNormGeluGrad } from '../../ops/upscale-norm-gelu-grad.ts';

/** Of every op between the loss and what can be trained. */
export const DERIVATIVES: readonly Derivative[] = [
  activateGrad,
  addGrad,
  addPositionGrad,
  attentionBiasGrad,
  attentionGrad,
  attentionRelposGrad,
  boxCornersGrad,
  concatRowsGrad,
  conv2dGrad,
  convDepthwiseGrad,
  dotRowsGrad,
  dropoutGrad,
  embedPointsGrad,
  layernormGrad,
  maskDotGrad,
  maskDownscaleGrad,
  matmulGrad,
  maxPool2x2Grad,
  resizeBilinearGrad,
  sliceRowsGrad,
  upsampleAddGrad,
  upscaleNormGeluGrad,
];
