import type { LabelStatus } from '../state/labels.ts';
import type { Size } from '../viewer/geometry.ts';
import type { Patch } from './patch.ts';
import { type Rect, union } from './stroke.ts';

/** A change of a label: of its pixels, and of whether there is one. */
export interface Edit {
  /** Later edits have larger numbers. */
  readonly id: number;
  readonly patch: Patch;
  /** null: there is no label. */
  readonly before: LabelStatus | null;
  readonly after: LabelStatus | null;
}

/** Bytes that the edits of one picture may keep; the oldest ones cannot be undone any more. */
const KEPT_BYTES = 32e6;

/** The edits of one picture's label in their order; the first ones are done, those behind them undone. */
export class EditLog {
  readonly map: Uint8Array;
  readonly size: Size;
  #edits: Edit[] = [];
  #done = 0;

  constructor(map: Uint8Array, size: Size) {
    this.map = map;
    this.size = size;
  }

  /** Adds an edit that was just made; what was undone is forgotten. */
  add(edit: Edit): void {
    this.#edits = [...this.#edits.slice(0, this.#done), edit];
    let bytes = this.#edits.reduce((sum, { patch }) => sum + patch.bytes, 0);
    while (bytes > KEPT_BYTES && this.#edits.length > 1) bytes -= this.#edits.shift()?.patch.bytes ?? 0;
    this.#done = this.#edits.length;
  }

  /** Whether `moveTo(id)` would do nothing. */
  isAt(id: number): boolean {
    return this.#done === this.#countTo(id);
  }

  /** Undoes or redoes until the last edit that is done is `id` or an earlier one; null where nothing was to do. */
  moveTo(id: number): { readonly rect: Rect | null; readonly status: LabelStatus | null } | null {
    const target = this.#countTo(id);
    let rect: Rect | null = null;
    let status: LabelStatus | null | undefined;
    const swap = (edit: Edit | undefined, outcome: 'before' | 'after') => {
      const changed = edit?.patch.swap();
      if (changed) rect = union(rect, changed);
      status = edit?.[outcome];
    };
    while (this.#done > target) swap(this.#edits[--this.#done], 'before');
    while (this.#done < target) swap(this.#edits[this.#done++], 'after');
    return status === undefined ? null : { rect, status };
  }

  #countTo(id: number): number {
    return this.#edits.findLastIndex((edit) => edit.id <= id) + 1;
  }
}
