import type { BinaryMask } from '../../src/evaluation.ts';

/** A mask of the pixels for which `inside` holds. */
export function shape(width: number, height: number, inside: (x: number, y: number) => boolean): BinaryMask {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    Number(inside(i % width, Math.floor(i / width))),
  );
  return { width, height, data };
}

/** Pixels of `rows` that are no dot. */
export function drawn(...rows: readonly string[]): BinaryMask {
  return shape(rows[0]?.length ?? 0, rows.length, (x, y) => rows[y]?.[x] !== '.');
}

/** Noise and blobs: what no hand would draw. @param share of the pixels that are inside, about */
export function noise(width: number, height: number, random: () => number, share: number): BinaryMask {
  const spots = Array.from({ length: 4 }, () => [random() * width, random() * height, random() * 6] as const);
  return shape(
    width,
    height,
    (x, y) => random() < share || spots.some(([cx, cy, r]) => Math.hypot(x - cx, y - cy) < r),
  );
}
