import type { Labelling } from '../labels/labelling.ts';
import type { Tool } from '../state/options.ts';
import type { XY } from './geometry.ts';
import type { Press } from './gesture.ts';

/** A press with this meaning paints or erases; null with tools that set prompts, and where it moves the picture. */
export function brushOf(tool: Tool, meaning: Press['meaning']): 'paint' | 'erase' | null {
  if ((tool !== 'brush' && tool !== 'eraser') || meaning === 'pan') return null;
  return tool === 'eraser' || meaning === 'exclude' ? 'erase' : 'paint';
}

/** Where the pointer was since the last event: browsers report once a frame, but tell of all places if asked. */
export function placesOf(event: PointerEvent): readonly Pick<PointerEvent, 'clientX' | 'clientY'>[] {
  const all = event.getCoalescedEvents?.() ?? [];
  return all.length > 0 ? all : [event];
}

/** The brush in a person's hand. Pressure has no part in it. */
export class BrushHand {
  readonly #labelling: Labelling;
  #down = false;

  constructor(labelling: Labelling) {
    this.#labelling = labelling;
  }

  get isDown(): boolean {
    return this.#down;
  }

  begin(at: XY, kind: 'paint' | 'erase'): void {
    this.#down = true;
    this.#labelling.beginStroke(at, kind === 'erase');
  }

  extend(to: XY): void {
    if (this.#down) this.#labelling.editor.extend(to);
  }

  end(): void {
    if (this.#down) this.#labelling.editor.finish();
    this.#down = false;
  }

  /** Takes back the stroke that is being made; says whether there was one. */
  cancel(): boolean {
    const wasDown = this.#down;
    this.#down = false;
    return wasDown && this.#labelling.editor.abandon();
  }
}
