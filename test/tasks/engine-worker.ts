/** A module worker of the test's page: a drawn picture to a mask of the demo model, from its address. */
import { segmentDemo } from './engine.ts';

interface Task {
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly kind: 'OffscreenCanvas' | 'ImageBitmap';
}

addEventListener('message', async ({ data: { rgba, width, height, kind } }: MessageEvent<Task>) => {
  try {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
    const picture = kind === 'OffscreenCanvas' ? canvas : await createImageBitmap(canvas);
    postMessage({ result: await segmentDemo('/model.safetensors', picture) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
