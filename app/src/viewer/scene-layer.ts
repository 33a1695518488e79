import type { Box } from '../../../src/index.ts';
import type { ClassOutline } from '../labels/label-layer.ts';
import { proposedClasses } from '../state/labels.ts';
import type { ClassPrompts } from '../state/prompts.ts';
import { activeClass, allPrompts, classList } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { BrushRing } from './brush-ring.ts';
import { boxOfPixels, type Cursor } from './cursor.ts';
import { boxBetween, type Camera, type Size } from './geometry.ts';
import type { Gesture } from './gesture.ts';
import type { Layers } from './layers.ts';

/** Draws the state over the picture, and what is being drawn right now over the state. */
export function sceneLayer(
  layers: Layers,
  state: AppState,
  picture: Size | null,
  camera: Camera,
  gesture: Gesture,
  cursor: Cursor | null,
  label: { readonly outlines: readonly ClassOutline[]; readonly ring: BrushRing | null },
): void {
  if (picture === null) {
    layers.showVectors(null);
    return;
  }
  const { options } = state;
  const result = options.overlayHidden ? null : state.session.result;
  const classes = classList(state);
  const proposed = proposedClasses(state);
  const shown = (classNumber: number) => proposed.includes(classNumber);
  if (result && options.fill)
    layers.showFill(
      result,
      classes.map((_, i) => shown(i + 1)),
      options.opacity,
    );
  else layers.clearFill();

  const results = (result?.results ?? []).filter(({ classNumber }) => shown(classNumber));
  const active = activeClass(state);
  layers.showVectors({
    camera,
    active,
    outlines: options.contour
      ? results.map(({ classNumber }) => ({ classNumber, outline: result?.outlines[classNumber] ?? '' }))
      : [],
    predictedBoxes: results.flatMap(({ classNumber, predictedBox, area }) =>
      options.learnedBoxes && predictedBox && area > 0 ? [{ classNumber, box: predictedBox }] : [],
    ),
    prompts: options.overlayHidden
      ? []
      : Object.entries(allPrompts(state)).map(([key, prompts]) => ({
          classNumber: Number(key),
          prompts: Number(key) === active ? whileMoving(prompts, gesture) : prompts,
        })),
    draft: draftBox(gesture, cursor, picture),
    cursor: cursor?.at ?? null,
    labelOutlines: label.outlines,
    ring: label.ring,
  });
}

function draftBox(gesture: Gesture, cursor: Cursor | null, picture: Size): Box | null {
  if (gesture.kind === 'box') return boxBetween(gesture.from, gesture.to, picture);
  return cursor?.corner ? boxOfPixels(cursor.corner, cursor.at) : null;
}

/** A point that is being dragged is drawn where the pointer is. */
function whileMoving(prompts: ClassPrompts, gesture: Gesture): ClassPrompts {
  if (gesture.kind !== 'moving') return prompts;
  const { x, y } = gesture.to;
  const points = prompts.points.map((point, i) =>
    i === gesture.index ? { ...point, x: x - 0.5, y: y - 0.5 } : point,
  );
  return { ...prompts, points };
}
