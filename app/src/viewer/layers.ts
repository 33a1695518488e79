import { render } from 'lit-html';
import type { SceneResult } from '../engine/protocol.ts';
import { paintMasks } from '../export/paint.ts';
import { LabelCanvas } from '../labels/label-canvas.ts';
import type { Camera, Size } from './geometry.ts';
import { type PromptLayer, promptLayer } from './prompt-layer.ts';

/** From this many screen pixels a picture pixel on, pixels are shown as squares. */
const SHOW_PIXELS_FROM = 4;
const SVG = 'http://www.w3.org/2000/svg';

/** The picture, the fills of masks and of the label on canvases of their own, and the vector layer: they change apart. */
export class Layers {
  readonly label = new LabelCanvas();
  readonly #stage = document.createElement('div');
  readonly #picture = document.createElement('canvas');
  readonly #fill = document.createElement('canvas');
  readonly #vectors = document.createElementNS(SVG, 'svg');
  /** What the fill shows now, so that moving the camera does not draw it again. */
  #painted: { readonly result: SceneResult; readonly visible: string } | null = null;

  constructor(host: HTMLElement) {
    this.#stage.className = 'stage';
    this.#picture.className = 'picture';
    this.#fill.className = 'fill';
    this.#vectors.classList.add('vectors');
    this.#vectors.setAttribute('aria-hidden', 'true');
    this.#stage.append(this.#picture, this.#fill, this.label.element);
    host.append(this.#stage, this.#vectors);
  }

  showPicture(bitmap: ImageBitmap | null): void {
    this.#stage.hidden = bitmap === null;
    this.clearFill();
    this.label.clear();
    if (bitmap === null) return;
    this.#picture.width = bitmap.width;
    this.#picture.height = bitmap.height;
    this.#picture.getContext('2d')?.drawImage(bitmap, 0, 0);
  }

  place({ scale, x, y }: Camera): void {
    this.#stage.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.#stage.classList.toggle('pixelated', scale >= SHOW_PIXELS_FROM);
  }

  /** @param visible one entry a class, in order. */
  showFill(result: SceneResult, visible: readonly boolean[], opacity: number): void {
    this.#fill.style.opacity = String(opacity);
    const key = visible.join();
    if (this.#painted?.result === result && this.#painted.visible === key) return;
    this.#painted = { result, visible: key };
    this.#resizeFill(result);
    this.#fill.getContext('2d')?.putImageData(paintMasks(result, visible, 1), 0, 0);
  }

  clearFill(): void {
    if (this.#painted !== null) this.#resizeFill({ width: 1, height: 1 });
    this.#painted = null;
  }

  showVectors(layer: PromptLayer | null): void {
    render(layer && promptLayer(layer), this.#vectors as unknown as HTMLElement);
  }

  /** Also clears it. */
  #resizeFill({ width, height }: Size): void {
    this.#fill.width = width;
    this.#fill.height = height;
  }
}
