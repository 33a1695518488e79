import { describe, expect, it } from 'vitest';
import { type Colour, contour, maskToRgba, type Polygon, pathData } from '../../src/web/mask.ts';
import { randomValues } from '../close.ts';

/** A mask from its picture: digits are class numbers, everything else is 0. */
function mask(...rows: string[]): [Uint8Array, number, number] {
  const width = rows[0]?.length ?? 0;
  return [Uint8Array.from(rows.join(''), (digit) => Number(digit) || 0), width, rows.length];
}

/** Signed area: positive where the outline runs clockwise on a screen. */
const areaOf = (polygon: Polygon) =>
  polygon.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] ?? [0, 0];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

/** How often the outlines wind around a pixel's centre, by a ray to the right: the definition of inside. */
function windings(polygons: readonly Polygon[], px: number, py: number): number {
  let count = 0;
  for (const polygon of polygons)
    for (const [i, [x, y]] of polygon.entries()) {
      const [nextX, nextY] = polygon[(i + 1) % polygon.length] ?? [0, 0];
      if (x !== nextX || x < px) continue;
      if (y < py !== nextY < py) count += nextY > y ? 1 : -1;
    }
  return count;
}

describe('contour', () => {
  it('goes around one pixel', () => {
    expect(contour(...mask('...', '.1.'), 1)).toEqual([
      [
        [2, 1],
        [2, 2],
        [1, 2],
        [1, 1],
      ],
    ]);
  });

  it('has corners only where it turns', () => {
    expect(contour(...mask('22.', '222'), 2).map((polygon) => polygon.length)).toEqual([6]);
  });

  it('runs the other way around a hole', () => {
    const polygons = contour(...mask('111', '1.1', '111'), 1);
    expect(polygons.map(areaOf)).toEqual([9, -1]);
  });

  it('keeps parts that touch at a corner apart', () => {
    expect(contour(...mask('1.', '.1'), 1).map(areaOf)).toEqual([1, 1]);
    expect(contour(...mask('.1', '1.'), 1).map(areaOf)).toEqual([1, 1]);
  });

  it('joins holes that touch at a corner, for what lies between them is apart', () => {
    const polygons = contour(...mask('1111', '1.11', '11.1', '1111'), 1);
    expect(polygons.map(areaOf).reduce((a, b) => a + b)).toBe(14);
  });

  it('follows one class among others, up to the edge of the picture', () => {
    expect(contour(...mask('12', '12'), 2)).toEqual([
      [
        [2, 0],
        [2, 2],
        [1, 2],
        [1, 0],
      ],
    ]);
    expect(contour(...mask('12', '12'), 3)).toEqual([]);
  });

  for (const [width, height] of [
    [1, 1],
    [1, 40],
    [29, 23],
  ] as const)
    it(`winds once around every pixel of a random ${width} x ${height} mask, and around no other`, () => {
      const bytes = Uint8Array.from(randomValues(width * height, 5), (value) => (value > 0 ? 1 : 0));
      const polygons = contour(bytes, width, height, 1);
      const wound = bytes.map((_, i) => windings(polygons, (i % width) + 0.5, Math.floor(i / width) + 0.5));
      expect(wound).toEqual(bytes);
      for (const polygon of polygons) expect(polygon.length % 2).toBe(0);
    });

  it('is written as SVG', () => {
    expect(pathData(contour(...mask('1'), 1))).toBe('M1 0L1 1L0 1L0 0Z');
    expect(pathData([])).toBe('');
  });

  it('refuses a mask that is too short', () => {
    expect(() => contour(new Uint8Array(5), 2, 3, 1)).toThrow('5 bytes for 2 x 3 pixels, expected 6');
  });
});

describe('maskToRgba', () => {
  it('colours classes in turn and leaves the background transparent', () => {
    const colors = [
      [10, 20, 30],
      [255, 0, 0],
    ] as const;
    expect([...maskToRgba(Uint8Array.of(0, 1, 2, 3), 2, 2, { colors, opacity: 0.4 })]).toEqual(
      [
        [0, 0, 0, 0],
        [10, 20, 30, 102],
        [255, 0, 0, 102],
        [10, 20, 30, 102],
      ].flat(),
    );
    expect(maskToRgba(Uint8Array.of(1), 1, 1, { colors })[3]).toBe(128);
    expect(maskToRgba(Uint8Array.of(1), 1, 1, { colors, opacity: 9 })[3]).toBe(255);
  });

  it('refuses no colours', () => {
    expect(() => maskToRgba(Uint8Array.of(1), 1, 1, { colors: [] })).toThrow('colors is empty');
    const loose = (colour: unknown) => () =>
      maskToRgba(Uint8Array.of(1), 1, 1, { colors: [colour as Colour] });
    expect(loose('#ff0000')).toThrow('colors[0] is #ff0000, expected [red, green, blue], each 0 to 255');
    expect(loose([300, 0, 0])).toThrow('colors[0] is 300,0,0, expected');
    for (const side of [Number.NaN, -1])
      expect(() => contour(Uint8Array.of(1), side, 1, 1)).toThrow(`1 bytes for ${side} x 1 pixels`);
  });
});
