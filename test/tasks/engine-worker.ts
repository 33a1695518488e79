/** A module worker of the test's page: a drawn picture, in every form that a worker has, to masks of the demo model. */
import { segmentDemo } from './engine.ts';

interface Task {
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

addEventListener('message', async ({ data: { rgba, width, height } }: MessageEvent<Task>) => {
  try {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
    const pictures = [canvas, await createImageBitmap(canvas)];
    postMessage({ results: await segmentDemo('/model.safetensors', pictures) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
