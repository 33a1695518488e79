import type { Box } from '../../../src/index.ts';

/** A position or a shift, on the screen (CSS pixels from the viewer's corner) or in the picture (its pixels). */
export interface XY {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** screen = picture * scale + (x, y). */
export interface Camera {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Screen pixels of one picture pixel. */
const MAX_SCALE = 32;
const MIN_SCALE = 0.02;
/** How much of the picture stays in sight when it is pushed away, in screen pixels. */
const KEPT_IN_SIGHT = 40;

export function toScreen(camera: Camera, at: XY): XY {
  return { x: at.x * camera.scale + camera.x, y: at.y * camera.scale + camera.y };
}

/** Not rounded and not clamped: may lie beside the picture. */
export function toPicture(camera: Camera, at: XY): XY {
  return { x: (at.x - camera.x) / camera.scale, y: (at.y - camera.y) / camera.scale };
}

/** The whole picture, centred, with a margin. */
export function fitCamera(view: Size, picture: Size, margin = 16): Camera {
  const room = { width: Math.max(1, view.width - 2 * margin), height: Math.max(1, view.height - 2 * margin) };
  const scale = limitScale(Math.min(room.width / picture.width, room.height / picture.height));
  return {
    scale,
    x: (view.width - picture.width * scale) / 2,
    y: (view.height - picture.height * scale) / 2,
  };
}

/** Scales by `factor`; what is under `at` on the screen stays there. */
export function zoomAt(camera: Camera, at: XY, factor: number): Camera {
  const scale = limitScale(camera.scale * factor);
  const anchor = toPicture(camera, at);
  return { scale, x: at.x - anchor.x * scale, y: at.y - anchor.y * scale };
}

/** Shifts by screen pixels, but never so far that the picture is lost. */
export function pan(camera: Camera, by: XY, view: Size, picture: Size): Camera {
  const clamp = (start: number, length: number, room: number) =>
    Math.min(room - KEPT_IN_SIGHT, Math.max(KEPT_IN_SIGHT - length, start));
  return {
    scale: camera.scale,
    x: clamp(camera.x + by.x, picture.width * camera.scale, view.width),
    y: clamp(camera.y + by.y, picture.height * camera.scale, view.height),
  };
}

function limitScale(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}

/** The pixel that holds `at`, as SAM counts points; the nearest one where `at` lies beside the picture. */
export function pixelAt(at: XY, picture: Size): XY {
  const clamp = (value: number, length: number) => Math.min(length - 1, Math.max(0, Math.floor(value)));
  return { x: clamp(at.x, picture.width), y: clamp(at.y, picture.height) };
}

/** The box between two corners on the nearest pixel edges, within the picture; null where it holds no pixel. */
export function boxBetween(a: XY, b: XY, picture: Size): Box | null {
  const edge = (value: number, length: number) => Math.min(length, Math.max(0, Math.round(value)));
  const [x0, x1] = [edge(Math.min(a.x, b.x), picture.width), edge(Math.max(a.x, b.x), picture.width)];
  const [y0, y1] = [edge(Math.min(a.y, b.y), picture.height), edge(Math.max(a.y, b.y), picture.height)];
  return x1 > x0 && y1 > y0 ? [x0, y0, x1, y1] : null;
}

/** Clockwise from the top left; the opposite of corner i is corner (i + 2) % 4. */
export function corners([x0, y0, x1, y1]: Box): readonly [XY, XY, XY, XY] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

/** Where a point's glyph is drawn: the middle of its pixel. */
export function pixelCentre(at: XY): XY {
  return { x: at.x + 0.5, y: at.y + 0.5 };
}

export function distance(a: XY, b: XY): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
