import { convDepthwiseGradX as kernel } from '../generated/kernels.ts';
import { derivativeOf } from '../graph/tape.ts';
import { expect, sizeOf } from '../graph/tensor.ts';
import { CONV_DEPTHWISE } from './conv-depthwise.ts';
import { laneGrid } from './lane-grid.ts';

/** The gradient of x alone: the taps belong to encoders, which are trained through and stay as they are. */
export const convDepthwiseGrad = derivativeOf(CONV_DEPTHWISE, (g, { x, w, bias, stride, padding }, dy) => {
  for (const tensor of [w, bias])
    expect(
      !g.needsGradient(tensor),
      'convDepthwise',
      () => `no gradient flows to '${tensor.name}': weights must be frozen`,
    );
  g.accumulate(x, (before) => {
    const [, width = 0, channels = 0] = x.shape;
    const [kernelHeight = 0, kernelWidth = 0] = w.shape;
    const [outHeight = 0, outWidth = 0] = dy.shape;
    const dx = g.tensor(`grad(${x.name})`, x.shape);
    const inputs4 = sizeOf(x) / 4;
    g.record(
      kernel,
      { dy, w, before: before ?? dy, dx },
      {
        width,
        channels4: channels / 4,
        kernel_height: kernelHeight,
        kernel_width: kernelWidth,
        stride,
        padding,
        out_height: outHeight,
        out_width: outWidth,
        inputs4,
      },
      {
        workgroups: laneGrid(kernel, inputs4),
        tuning: { ADD: before ? 1 : 0 },
        flops: 2 * sizeOf(dy) * kernelHeight * kernelWidth,
      },
    );
    return dx;
  });
});
