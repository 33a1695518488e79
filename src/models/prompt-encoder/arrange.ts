/** x0, y0, x1, y1. */
type Box = readonly [number, number, number, number];

/** How a family orders its sparse prompts. */
export type PromptOrder =
  /** SAM and Sam2Rad: points, then the box; a padding point only where points come without a box. */
  | 'points-first'
  /** SAM2's image predictor: the box as two points before the clicks, and always a padding point. */
  | 'box-first';

/** Points and corners as the prompt encoder embeds them, in pixels of the square image. */
export interface SparsePrompts {
  /** x and y of each. */
  readonly coords: Float32Array<ArrayBuffer>;
  /** -1 no point, 0 background, 1 foreground, 2 and 3 box corners. */
  readonly labels: Float32Array<ArrayBuffer>;
}

/** Puts a person's points and box into the order that the family was trained on. */
export function arrangePrompts(
  points: readonly (readonly [number, number])[],
  labels: readonly number[],
  box: Box | undefined,
  order: PromptOrder,
): SparsePrompts {
  const clicks = points.map(([x, y], i) => [x, y, labels[i] ?? 1] as const);
  const corners = box
    ? ([
        [box[0], box[1], 2],
        [box[2], box[3], 3],
      ] as const)
    : [];
  const padding = [[0, 0, -1]] as const;
  let all: readonly (readonly [number, number, number])[] = [];
  if (order === 'box-first')
    all = clicks.length + corners.length > 0 ? [...corners, ...clicks, ...padding] : [];
  else all = [...clicks, ...(clicks.length > 0 && !box ? padding : []), ...corners];
  return {
    coords: Float32Array.from(all.flatMap((point) => point.slice(0, 2))),
    labels: Float32Array.from(all, ([, , label]) => label),
  };
}
