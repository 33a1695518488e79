import { type Camera, distance, type XY, zoomAt } from './geometry.ts';

/** Where two fingers are. */
export interface Pinch {
  readonly middle: XY;
  readonly spread: number;
}

export function pinchOf(a: XY, b: XY): Pinch {
  return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, spread: Math.max(1, distance(a, b)) };
}

/** What was between the fingers stays between them. */
export function pinched(camera: Camera, before: Pinch, after: Pinch): Camera {
  const zoomed = zoomAt(camera, before.middle, after.spread / before.spread);
  const { x, y } = after.middle;
  return { ...zoomed, x: zoomed.x + x - before.middle.x, y: zoomed.y + y - before.middle.y };
}

/** The fingers on the viewer: one draws, two move and zoom. */
export class TouchPoints {
  readonly #at = new Map<number, XY>();

  /** True where this is the second finger: what the first one began is off. */
  down({ pointerId, pointerType }: PointerEvent, at: XY): boolean {
    if (pointerType !== 'touch') return false;
    this.#at.set(pointerId, at);
    return this.#at.size > 1;
  }

  /** The new camera while two fingers are down, else null. */
  move({ pointerId }: PointerEvent, at: XY, camera: Camera): Camera | null {
    if (!this.#at.has(pointerId)) return null;
    const before = this.#pinch();
    this.#at.set(pointerId, at);
    const after = this.#pinch();
    return before && after && pinched(camera, before, after);
  }

  up({ pointerId }: PointerEvent): void {
    this.#at.delete(pointerId);
  }

  clear(): void {
    this.#at.clear();
  }

  #pinch(): Pinch | null {
    const [a, b] = [...this.#at.values()];
    return a && b ? pinchOf(a, b) : null;
  }
}
