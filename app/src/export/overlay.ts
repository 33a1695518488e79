import type { SceneResult } from '../engine/protocol.ts';
import { cssColor } from '../palette.ts';
import { paintMasks } from './paint.ts';

export interface OverlayStyle {
  readonly opacity: number;
  readonly fill: boolean;
  readonly contour: boolean;
  /** One entry a class, in order. */
  readonly visible: readonly boolean[];
}

/** The picture at its own size with the masks over it, as PNG. */
export async function overlayPng(
  bitmap: ImageBitmap,
  result: SceneResult,
  style: OverlayStyle,
): Promise<Blob> {
  const { width, height } = result;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas left for the overlay');
  context.drawImage(bitmap, 0, 0);
  if (style.fill)
    context.drawImage(await createImageBitmap(paintMasks(result, style.visible, style.opacity)), 0, 0);
  if (style.contour) drawContours(context, result, style.visible);
  return canvas.convertToBlob({ type: 'image/png' });
}

function drawContours(
  context: OffscreenCanvasRenderingContext2D,
  { outlines, width, height }: SceneResult,
  visible: readonly boolean[],
): void {
  context.lineWidth = Math.max(1.5, Math.max(width, height) / 400);
  context.lineJoin = 'round';
  for (const [key, outline] of Object.entries(outlines)) {
    const classNumber = Number(key);
    if (!visible[classNumber - 1]) continue;
    context.strokeStyle = cssColor(classNumber);
    context.stroke(new Path2D(outline));
  }
}
