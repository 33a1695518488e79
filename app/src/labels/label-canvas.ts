import { paintMasks } from '../export/paint.ts';
import type { Size } from '../viewer/geometry.ts';
import type { Rect } from './stroke.ts';

/** The label's fill over the picture. A stroke paints its own rectangle of it, not the whole. */
export class LabelCanvas {
  readonly element = document.createElement('canvas');
  #shown: { readonly map: Uint8Array; readonly size: Size; readonly visible: readonly boolean[] } | null =
    null;

  constructor() {
    this.element.className = 'label-fill';
  }

  /** @param visible one entry a class, in order */
  show(map: Uint8Array, size: Size, visible: readonly boolean[], opacity: number): void {
    this.element.style.opacity = String(opacity);
    if (this.#shown?.map === map && this.#shown.visible.join() === visible.join()) return;
    this.#shown = { map, size, visible };
    this.element.width = size.width;
    this.element.height = size.height;
    this.update({ x0: 0, y0: 0, x1: size.width, y1: size.height });
  }

  /** Paints these pixels again. */
  update({ x0, y0, x1, y1 }: Rect): void {
    if (this.#shown === null) return;
    const { map, size, visible } = this.#shown;
    const [width, height] = [x1 - x0, y1 - y0];
    const classMap = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      const from = (y0 + y) * size.width + x0;
      classMap.set(map.subarray(from, from + width), y * width);
    }
    const pixels = paintMasks({ classMap, width, height }, visible, 1);
    this.element.getContext('2d')?.putImageData(pixels, x0, y0);
  }

  clear(): void {
    if (this.#shown === null) return;
    this.#shown = null;
    this.element.width = 1;
    this.element.height = 1;
  }
}
