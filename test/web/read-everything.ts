import { type PictureSource, readPixels } from '../../src/web/picture.ts';

/** Reads one picture in every form a browser has: runs in a page and, as far as it can, in a worker. */
export async function readEverything(): Promise<Record<string, string>> {
  const read = (source: PictureSource) => {
    try {
      const { width, height, pixels } = readPixels(source);
      return `${width} x ${height}: ${[...pixels].map((pixel) => pixel.toString(16))}`;
    } catch (error) {
      return String(error);
    }
  };
  const data = new ImageData(Uint8ClampedArray.of(1, 2, 3, 255, 200, 100, 50, 255, 255, 255, 255, 128), 3, 1);
  const wide = new ImageData(Uint8ClampedArray.of(100, 200, 50, 255), 1, 1, { colorSpace: 'display-p3' });
  const canvas = new OffscreenCanvas(3, 1);
  canvas.getContext('2d')?.putImageData(data, 0, 0);
  const blob = await canvas.convertToBlob();
  const closed = await createImageBitmap(data);
  closed.close();
  // Opaque: Chromium draws frames with alpha as if they were premultiplied twice, and cameras have none.
  const opaque = new OffscreenCanvas(3, 1);
  opaque.getContext('2d', { alpha: false })?.drawImage(canvas, 0, 0);
  const frame = new VideoFrame(opaque, { timestamp: 0 });
  const results: Record<string, string> = {
    ImageData: read(data),
    'Display P3': read(wide),
    'Display P3, drawn': read(await createImageBitmap(wide)),
    OffscreenCanvas: read(canvas),
    ImageBitmap: read(await createImageBitmap(blob)),
    VideoFrame: read(frame),
    closed: read(closed),
  };
  frame.close();
  results['closed frame'] = read(frame);
  if (typeof document === 'undefined') return results;

  const element = document.createElement('canvas');
  Object.assign(element, { width: 3, height: 1 }).getContext('2d')?.putImageData(data, 0, 0);
  const image = new Image(99, 99);
  results['loading image'] = read(image);
  image.src = URL.createObjectURL(blob);
  await image.decode();
  const foreign = new Image();
  // Another origin without CORS: it shows, but must not be read.
  foreign.src = `${location.href.replace('localhost', '127.0.0.1')}picture.svg`;
  await foreign.decode();
  return {
    ...results,
    HTMLCanvasElement: read(element),
    HTMLImageElement: read(image),
    foreign: read(foreign),
  };
}
