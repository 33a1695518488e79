import { Sam2RadError } from '../../errors.ts';
import { PIXELS, type Spacing, squaredDistances } from './distance.ts';
import { type BinaryMask, tightBox } from './mask.ts';

/** How far the edges of two masks lie apart, edge pixel by edge pixel, in the unit of the spacing. */
export interface SurfaceDistances {
  /** From each edge pixel of the first mask to the nearest edge pixel of the second. */
  readonly there: Float64Array;
  readonly back: Float64Array;
}

/**
 * Distances between the edges of two masks of one size, neither of them empty. The edge of a mask is its pixels that
 * have a pixel outside the mask, or the end of the picture, on their left, right, above or below (`get_mask_edges` of
 * MONAI: the mask without its erosion).
 * @throws Sam2RadError as `checkSpacing`
 */
export function surfaceDistances(a: BinaryMask, b: BinaryMask, spacing: Spacing = PIXELS): SurfaceDistances {
  // The nearest edge pixel and all that ask for it lie in the box around both.
  const frame = union(tightBox(a), tightBox(b));
  const edgesOfA = edges(a, frame);
  const edgesOfB = edges(b, frame);
  return {
    there: distancesFrom(edgesOfA, edgesOfB, frame, spacing),
    back: distancesFrom(edgesOfB, edgesOfA, frame, spacing),
  };
}

interface Frame {
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
}

type MaybeBox = ReturnType<typeof tightBox>;

function union(a: MaybeBox, b: MaybeBox): Frame {
  const boxes = [a, b].filter((box) => box !== undefined);
  const x0 = Math.min(...boxes.map(([left]) => left));
  const y0 = Math.min(...boxes.map(([, top]) => top));
  const width = Math.max(0, ...boxes.map(([, , right]) => right - x0));
  const height = Math.max(0, ...boxes.map(([, , , bottom]) => bottom - y0));
  return { x0, y0, width, height };
}

/** The edge of a mask as bytes of the frame. */
function edges({ width, height, data }: BinaryMask, frame: Frame): Uint8Array {
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] !== 0;
  const marked = new Uint8Array(frame.width * frame.height);
  for (let row = 0; row < frame.height; row++)
    for (let col = 0; col < frame.width; col++) {
      const [x, y] = [frame.x0 + col, frame.y0 + row];
      if (!inside(x, y)) continue;
      const isInner = inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1);
      marked[row * frame.width + col] = isInner ? 0 : 1;
    }
  return marked;
}

function distancesFrom(from: Uint8Array, to: Uint8Array, frame: Frame, spacing: Spacing): Float64Array {
  const squares = squaredDistances(to, frame.width, frame.height, spacing);
  const distances: number[] = [];
  from.forEach((isEdge, at) => {
    if (isEdge) distances.push(Math.sqrt(squares[at] ?? 0));
  });
  return Float64Array.from(distances);
}

/** @throws Sam2RadError for what is no number of 0 or more */
export function checkTolerance(tolerance: number): void {
  if (!(typeof tolerance === 'number' && tolerance >= 0))
    throw new Sam2RadError(
      `tolerance: got ${tolerance}, expected a number of 0 or more in the unit of the spacing, such as 2`,
    );
}

/**
 * Normalised surface distance: the share of both edges' pixels that lie within `tolerance` of the other edge
 * (MONAI `compute_surface_dice`; Nikolov et al., 2021, with pixels in place of edge lengths). 0 to 1.
 * @throws Sam2RadError as `checkTolerance`
 */
export function surfaceDice({ there, back }: SurfaceDistances, tolerance: number): number {
  checkTolerance(tolerance);
  const near = (distances: Float64Array) => distances.reduce((sum, one) => sum + Number(one <= tolerance), 0);
  return (near(there) + near(back)) / (there.length + back.length);
}

/** The larger of the 95th percentiles of both directions (MONAI `compute_hausdorff_distance(percentile=95)`). */
export function hausdorff95({ there, back }: SurfaceDistances): number {
  return Math.max(percentile(there, 0.95), percentile(back, 0.95));
}

/**
 * A percentile with linear interpolation between order statistics (NumPy's and PyTorch's default).
 * @param share 0 to 1
 * @returns NaN of nothing
 */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (place - Math.floor(place)) * (above - below);
}
