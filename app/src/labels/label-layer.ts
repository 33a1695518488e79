import { openLabel } from '../state/labels.ts';
import { classList } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { Size } from '../viewer/geometry.ts';
import type { LabelCanvas } from './label-canvas.ts';
import type { LabelEditor } from './label-editor.ts';
import { KeptOutlines } from './outlines.ts';

export interface ClassOutline {
  readonly classNumber: number;
  readonly outline: string;
}

/** Draws the open picture's label: its fill here, its outlines as what the vector layer is to show. */
export class LabelLayer {
  readonly #canvas: LabelCanvas;
  readonly #editor: LabelEditor;
  readonly #outlines = new KeptOutlines();

  constructor(canvas: LabelCanvas, editor: LabelEditor) {
    this.#canvas = canvas;
    this.#editor = editor;
  }

  /** @param painting whether a stroke is being made, which is shown also where fills are not */
  draw(state: AppState, size: Size | null, painting: boolean): readonly ClassOutline[] {
    const { options, library } = state;
    const map = library.open === null ? null : this.#editor.shown(library.open);
    if (size === null || map === null || options.overlayHidden || !(options.labels || painting)) {
      this.#canvas.clear();
      return [];
    }
    const visible = classList(state).map((entry) => entry.visible);
    if (options.fill || painting) this.#canvas.show(map, size, visible, options.opacity);
    else this.#canvas.clear();
    const entry = openLabel(state);
    if (!options.contour || entry === null) return [];
    return Object.entries(this.#outlines.get(map, entry, size))
      .map(([key, outline]) => ({ classNumber: Number(key), outline }))
      .filter(({ classNumber }) => visible[classNumber - 1] !== false);
  }
}
