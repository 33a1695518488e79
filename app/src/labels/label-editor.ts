import type { LabelStatus } from '../state/labels.ts';
import type { Store } from '../state/store.ts';
import type { Size, XY } from '../viewer/geometry.ts';
import { type Edit, EditLog } from './edit-log.ts';
import type { LabelMaps } from './label-maps.ts';
import { Patch } from './patch.ts';
import { coverStroke, type Rect } from './stroke.ts';

/** A picture of which the size is known. */
export interface Sheet {
  readonly picture: string;
  readonly size: Size;
}

export interface Brush {
  /** 0 erases. */
  readonly classNumber: number;
  /** In pixels of the picture. */
  readonly diameter: number;
}

interface Stroke {
  readonly sheet: Sheet;
  readonly brush: Brush;
  readonly log: EditLog;
  readonly patch: Patch;
  at: XY;
}

/**
 * Changes the pixels of labels so that each change is a step of the picture's history, among its prompts: the state
 * holds a number a step, and the pixels follow it when the step is undone or redone.
 */
export class LabelEditor {
  /** Told of the pixels that were changed. */
  onPixels: (picture: string, rect: Rect) => void = () => undefined;

  readonly #store: Store;
  readonly #maps: LabelMaps;
  readonly #logs = new Map<string, EditLog>();
  #stroke: Stroke | null = null;
  #lastId = 0;
  #followed: unknown = null;

  constructor(store: Store, maps: LabelMaps) {
    this.#store = store;
    this.#maps = maps;
    store.subscribe(() => this.#follow());
  }

  /** The label as it is on show: also while the first stroke of it is not at its end. */
  shown(picture: string): Uint8Array | null {
    const { sheet, log } = this.#stroke ?? {};
    return sheet?.picture === picture && log ? log.map : this.#maps.get(picture);
  }

  /** Sets the brush down. */
  begin(sheet: Sheet, brush: Brush, at: XY): void {
    this.finish();
    const log = this.#logOf(sheet);
    this.#stroke = { sheet, brush, log, patch: new Patch(log.map, sheet.size), at };
    this.extend(at);
  }

  extend(to: XY): void {
    if (this.#stroke === null) return;
    const { sheet, brush, log, patch, at } = this.#stroke;
    const rect = coverStroke(at, to, brush.diameter, sheet.size, (y, x0, x1) => {
      patch.touch(y, x0, x1);
      log.map.fill(brush.classNumber, y * sheet.size.width + x0, y * sheet.size.width + x1);
    });
    this.#stroke.at = to;
    if (rect) this.onPixels(sheet.picture, rect);
  }

  /** Lifts the brush: the stroke is one step. One that changes nothing is none. */
  finish(): void {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (stroke?.patch.isChange) this.#commit(stroke.sheet, stroke.log, stroke.patch, 'draft');
  }

  /** Takes back the stroke that is not at its end; says whether there was one. */
  abandon(): boolean {
    const stroke = this.#stroke;
    this.#stroke = null;
    const rect = stroke?.patch.swap();
    if (stroke && rect) this.onPixels(stroke.sheet.picture, rect);
    return stroke !== null;
  }

  /**
   * Makes `next` the label, as one step.
   * @param consumed classes whose prompts have become a part of it
   */
  replace(sheet: Sheet, next: Uint8Array, consumed: readonly number[] = []): void {
    const log = this.#logOf(sheet);
    const patch = Patch.replacing(log.map, sheet.size, next);
    this.#commit(sheet, log, patch, 'draft', consumed);
    this.onPixels(sheet.picture, { x0: 0, y0: 0, x1: sheet.size.width, y1: sheet.size.height });
  }

  /** Takes the label away, as one step. */
  remove(sheet: Sheet): void {
    if (this.#status(sheet.picture) === null) return;
    const log = this.#logOf(sheet);
    const patch = Patch.replacing(log.map, sheet.size, new Uint8Array(log.map.length));
    this.#commit(sheet, log, patch, null);
  }

  setStatus(picture: string, status: LabelStatus): void {
    if (this.#status(picture) !== null) this.#store.dispatch({ type: 'label/changed', picture, status });
  }

  /** The picture is gone, and its label with it. */
  forget(picture: string): void {
    this.#logs.delete(picture);
    this.#settle(picture, null, null);
  }

  #status(picture: string): LabelStatus | null {
    return this.#store.state.labels[picture]?.status ?? null;
  }

  /** A map that somebody else has put in the place of ours has no past. */
  #logOf({ picture, size }: Sheet): EditLog {
    const map = this.#maps.get(picture);
    const log = this.#logs.get(picture);
    if (log && (map === null || map === log.map)) return log;
    const fresh = new EditLog(map ?? new Uint8Array(size.width * size.height), size);
    this.#logs.set(picture, fresh);
    return fresh;
  }

  #commit(
    { picture }: Sheet,
    log: EditLog,
    patch: Patch,
    after: Edit['after'],
    consumed: readonly number[] = [],
  ): void {
    const id = ++this.#lastId;
    log.add({ id, patch, before: this.#status(picture), after });
    this.#store.dispatch({ type: 'prompt/label-edit', picture, edit: id, consumed });
    this.#settle(picture, log.map, after);
  }

  /** After each change of a history: an undo or redo of a label's step moves its pixels. */
  #follow(): void {
    const { prompts } = this.#store.state;
    if (prompts === this.#followed) return;
    this.#followed = prompts;
    for (const [picture, log] of this.#logs) {
      const map = this.#maps.get(picture);
      const edit = prompts[picture]?.present.labelEdit ?? 0;
      if (map !== null && map !== log.map) continue;
      if (this.#stroke?.log === log && !log.isAt(edit)) this.abandon();
      const moved = log.moveTo(edit);
      if (moved === null) continue;
      this.#settle(picture, log.map, moved.status);
      if (moved.rect) this.onPixels(picture, moved.rect);
    }
  }

  #settle(picture: string, map: Uint8Array | null, status: LabelStatus | null): void {
    if (map === null || status === null) {
      this.#maps.remove(picture);
      this.#store.dispatch({ type: 'label/removed', picture });
    } else {
      this.#maps.set(picture, map);
      this.#store.dispatch({ type: 'label/changed', picture, status });
    }
  }
}
