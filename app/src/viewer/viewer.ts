import { LabelLayer } from '../labels/label-layer.ts';
import type { Labelling } from '../labels/labelling.ts';
import type { Acts } from '../state/acts.ts';
import { activeClass, activePrompts } from '../state/select.ts';
import type { Store } from '../state/store.ts';
import { BrushHand, brushOf, placesOf } from './brush.ts';
import type { BrushRing } from './brush-ring.ts';
import { type Cursor, markCorner, moveCursor, startCursor } from './cursor.ts';
import {
  type Camera,
  fitCamera,
  pan,
  pixelAt,
  pixelCentre,
  type Size,
  toPicture,
  toScreen,
  type XY,
  zoomAt,
} from './geometry.ts';
import { type Effect, type Gesture, IDLE_GESTURE, move, press, release, type Step } from './gesture.ts';
import { hitTest } from './hit.ts';
import { Layers } from './layers.ts';
import { meaningOf } from './pointer.ts';
import { sceneLayer } from './scene-layer.ts';
import { TouchPoints } from './touch.ts';

const ZOOM_STEP = 1.25;

/** The open picture with its masks and prompts; turns pointers and keys into prompts. */
export class Viewer {
  /** Told of each pixel that the pointer or the cursor is over, and of each zoom. */
  onReadout: (readout: { at: XY | null; scale: number }) => void = () => undefined;
  spaceHeld = false;

  readonly #host: HTMLElement;
  readonly #store: Store;
  readonly #acts: Acts;
  readonly #layers: Layers;
  readonly #touch = new TouchPoints();
  readonly #brush: BrushHand;
  readonly #labels: LabelLayer;
  #picture: Size | null = null;
  #camera: Camera = { scale: 1, x: 0, y: 0 };
  #fitted = true;
  #gesture: Gesture = IDLE_GESTURE;
  #cursor: Cursor | null = null;
  #over: XY | null = null;
  /** Where a pointer that can hover is. */
  #hover: XY | null = null;
  #frame = 0;

  constructor(host: HTMLElement, store: Store, acts: Acts, labelling: Labelling) {
    this.#host = host;
    this.#store = store;
    this.#acts = acts;
    this.#layers = new Layers(host);
    this.#brush = new BrushHand(labelling);
    this.#labels = new LabelLayer(this.#layers.label, labelling.editor);
    labelling.editor.onPixels = (picture, rect) => {
      if (picture === store.state.library.open) this.#layers.label.update(rect);
    };
    host.tabIndex = 0;
    store.subscribe(() => this.#refresh());
    new ResizeObserver(() => this.#resized()).observe(host);
  }

  show(bitmap: ImageBitmap | null): void {
    this.#brush.end();
    this.#layers.showPicture(bitmap);
    this.#picture = bitmap && { width: bitmap.width, height: bitmap.height };
    this.#gesture = IDLE_GESTURE;
    this.#cursor = null;
    this.showAll();
  }

  showAll(): void {
    if (this.#picture) this.#look(fitCamera(this.#view(), this.#picture));
    this.#fitted = true;
  }

  zoom(direction: 1 | -1): void {
    const { width, height } = this.#view();
    this.zoomAt({ x: width / 2, y: height / 2 }, direction === 1 ? ZOOM_STEP : 1 / ZOOM_STEP);
  }

  zoomAt(at: XY, factor: number): void {
    this.#look(zoomAt(this.#camera, at, factor));
  }

  /** Where a pixel of the picture is on the page, for automation. */
  toPage(picture: XY): XY {
    const { left, top } = this.#host.getBoundingClientRect();
    const { x, y } = toScreen(this.#camera, picture);
    return { x: left + x, y: top + y };
  }

  down(event: PointerEvent): void {
    const screen = this.#screen(event);
    this.#cursor = null;
    if (this.#touch.down(event, screen)) {
      this.#gesture = IDLE_GESTURE;
      this.#brush.cancel();
    } else if (this.#picture) this.#press(event, screen);
    this.#refresh();
  }

  moved(event: PointerEvent): void {
    const screen = this.#screen(event);
    const pinched = this.#touch.move(event, screen, this.#camera);
    if (pinched) this.#look(pinched);
    else if (this.#brush.isDown)
      for (const place of placesOf(event)) this.#brush.extend(toPicture(this.#camera, this.#screen(place)));
    else this.#apply(move(this.#gesture, screen, toPicture(this.#camera, screen)));
    this.#hover = event.pointerType === 'touch' ? null : toPicture(this.#camera, screen);
    this.#readout(toPicture(this.#camera, screen));
    const onHandle = this.#ring() === null && hitTest(this.#camera, this.#prompts(), screen) !== null;
    this.#host.classList.toggle('on-handle', onHandle);
    this.#refresh();
  }

  /** The pointer is not over the picture any more. */
  left(): void {
    this.#hover = null;
    this.#refresh();
  }

  up(event: PointerEvent): void {
    this.#touch.up(event);
    this.#brush.end();
    if (this.#picture) this.#apply(release(this.#gesture, this.#picture));
  }

  /** Ends a drag without an effect. Says whether there was one. */
  cancel(): boolean {
    const busy = this.#brush.cancel() || this.#gesture.kind !== 'idle' || this.#cursor?.corner != null;
    this.#gesture = IDLE_GESTURE;
    this.#touch.clear();
    if (this.#cursor) this.#cursor = { ...this.#cursor, corner: null };
    this.#refresh();
    return busy;
  }

  moveCursor(by: XY): void {
    if (!this.#picture) return;
    this.#cursor = this.#cursor ? moveCursor(this.#cursor, by, this.#picture) : startCursor(this.#picture);
    this.#readout(this.#cursor.at);
    this.#refresh();
  }

  /** At the keyboard's cursor a point, or with the brush a dab. */
  placePoint(label: 0 | 1): void {
    const kind = brushOf(this.#store.state.options.tool, label === 1 ? 'include' : 'exclude');
    if (this.#cursor && kind) {
      this.#brush.begin(pixelCentre(this.#cursor.at), kind);
      this.#brush.end();
    } else if (this.#cursor) this.#acts.addPoint({ ...this.#cursor.at, label });
    else this.moveCursor({ x: 0, y: 0 });
  }

  /** A corner of a box at the keyboard's cursor; the second one sets the box. */
  placeCorner(): void {
    if (!this.#cursor) {
      this.moveCursor({ x: 0, y: 0 });
      return;
    }
    const { cursor, box } = markCorner(this.#cursor);
    this.#cursor = cursor;
    if (box) this.#acts.setBox(box);
    this.#refresh();
  }

  /** Removes the point under the pointer; says whether there was one. */
  removeHovered(): boolean {
    const hit = this.#over && hitTest(this.#camera, this.#prompts(), toScreen(this.#camera, this.#over));
    if (hit?.kind === 'point') this.#acts.removePoint(hit.index);
    return hit?.kind === 'point';
  }

  #press(event: PointerEvent, screen: XY): void {
    const meaning = meaningOf(event, this.#store.state.options.tool, this.spaceHeld);
    const kind = brushOf(this.#store.state.options.tool, meaning);
    if (kind) {
      this.#brush.begin(toPicture(this.#camera, screen), kind);
      return;
    }
    const hit = hitTest(this.#camera, this.#prompts(), screen);
    this.#apply(press({ screen, picture: toPicture(this.#camera, screen), hit, meaning }));
  }

  #apply({ gesture, effect }: Step): void {
    this.#gesture = gesture;
    if (effect) this.#carryOut(effect);
    this.#host.classList.toggle('panning', gesture.kind === 'panning');
    this.#refresh();
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'add-point') this.#acts.addPoint({ ...effect.at, label: effect.label });
    else if (effect.kind === 'remove-point') this.#acts.removePoint(effect.index);
    else if (effect.kind === 'move-point') this.#acts.movePoint(effect.index, effect.to);
    else if (effect.kind === 'set-box') this.#acts.setBox(effect.box);
    else if (this.#picture) this.#look(pan(this.#camera, effect.by, this.#view(), this.#picture));
  }

  #look(camera: Camera): void {
    this.#camera = camera;
    this.#fitted = false;
    this.#layers.place(camera);
    this.#readout(this.#over);
    this.#refresh();
  }

  #resized(): void {
    if (this.#fitted) this.showAll();
    this.#refresh();
  }

  #readout(at: XY | null): void {
    this.#over = at;
    const inside =
      at &&
      this.#picture &&
      at.x >= 0 &&
      at.y >= 0 &&
      at.x < this.#picture.width &&
      at.y < this.#picture.height;
    this.onReadout({
      at: inside && this.#picture ? pixelAt(at, this.#picture) : null,
      scale: this.#camera.scale,
    });
  }

  #prompts() {
    return activePrompts(this.#store.state);
  }

  #view(): Size {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  /** null where no brush is in hand. */
  #ring(): BrushRing | null {
    const { state } = this.#store;
    const { tool, brushSize } = state.options;
    const kind = brushOf(tool, this.spaceHeld ? 'pan' : 'include');
    const at = this.#cursor ? pixelCentre(this.#cursor.at) : this.#hover;
    if (kind === null || at === null || this.#picture === null) return null;
    return { at, diameter: brushSize, classNumber: kind === 'erase' ? 0 : activeClass(state) };
  }

  #screen({ clientX, clientY }: Pick<PointerEvent, 'clientX' | 'clientY'>): XY {
    const { left, top } = this.#host.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** Draws once a frame, however much has changed. */
  #refresh(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const { state } = this.#store;
      const outlines = this.#labels.draw(state, this.#picture, this.#brush.isDown);
      sceneLayer(this.#layers, state, this.#picture, this.#camera, this.#gesture, this.#cursor, {
        outlines,
        ring: this.#ring(),
      });
      this.#host.dataset['tool'] = this.spaceHeld ? 'pan' : state.options.tool;
    });
  }
}
