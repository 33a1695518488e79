import { preprocessBilinear, preprocessRows, resizeColumns } from '../generated/kernels.ts';
import type { Kernel } from '../gpu/kernel.ts';
import type { Graph, Workgroups } from '../graph/graph.ts';
import { expect, expectShape, type Tensor } from '../graph/tensor.ts';
import { laneGrid } from './lane-grid.ts';
import {
  antialiasTaps,
  bilinearTaps,
  type PictureFamily,
  type PictureGeometry,
  pillowTaps,
  resizedShape,
  type TapTable,
  tapTable,
} from './resize-tables.ts';

/** Mean and deviation of the training pictures' channels on 0..255, in the digits that each family gives them. */
const COLOURS = {
  sam: {
    mean_r: 123.675,
    mean_g: 116.28,
    mean_b: 103.53,
    std_r: 58.395,
    std_g: 57.12,
    std_b: 57.375,
  },
  sam2: {
    mean_r: 0.485 * 255,
    mean_g: 0.456 * 255,
    mean_b: 0.406 * 255,
    std_r: 0.229 * 255,
    std_g: 0.224 * 255,
    std_b: 0.225 * 255,
  },
};

/**
 * A picture as the encoder wants it: resized, normalised and padded as the family's reference does.
 * sam: Pillow's antialiased bilinear in 8-bit integers, longest side. sam2: antialiased bilinear, squashed to the
 * square. sam2rad: bilinear without antialias, longest side. Padding is right and bottom, zeros after normalising.
 *
 * @param pixels u32 [height, width], RGBA bytes, little-endian; alpha is not looked at.
 * @returns [imageSize, imageSize, 4]: red, green, blue, 0.
 * @throws ShapeError where `pixels` is no such picture.
 */
export function preprocess(g: Graph, pixels: Tensor, picture: PictureGeometry): Tensor {
  const { height, width, imageSize, family } = picture;
  expectShape('preprocess', pixels, [height, width]);
  expect(pixels.dtype === 'u32', 'preprocess', () => `'${pixels.name}' is ${pixels.dtype}, expected u32`);
  const y = g.tensor('preprocessed', [imageSize, imageSize, 4]);
  return family === 'sam' ? pillow(g, pixels, y, picture) : bilinear(g, pixels, y, picture);
}

function bilinear(g: Graph, pixels: Tensor, y: Tensor, picture: PictureGeometry): Tensor {
  const { height, width, imageSize: size, family } = picture;
  const [rows, cols] = resizedShape(picture);
  const [rowTaps, columnTaps] = [axisTable(g, family, height, rows), axisTable(g, family, width, cols)];
  g.record(
    preprocessBilinear,
    { pixels, row_taps: rowTaps.tensor, column_taps: columnTaps.tensor, y },
    {
      width,
      size,
      rows,
      cols,
      taps_in_row: columnTaps.taps,
      taps_in_column: rowTaps.taps,
      ...COLOURS.sam2,
    },
    {
      workgroups: squareGrid(preprocessBilinear, size),
      flops: 6 * rows * cols * rowTaps.taps * (columnTaps.taps + 1),
    },
  );
  return y;
}

function pillow(g: Graph, pixels: Tensor, y: Tensor, picture: PictureGeometry): Tensor {
  const { height, width, imageSize: size, family } = picture;
  const [rows, cols] = resizedShape(picture);
  let resized = pixels;
  if (cols !== width) {
    const { tensor, taps } = axisTable(g, family, width, cols);
    resized = g.tensor('resize_columns', [height, cols], 'u32');
    g.record(
      resizeColumns,
      { pixels, column_taps: tensor, y: resized },
      { rows: height, width, cols, taps },
      { workgroups: laneGrid(resizeColumns, height * cols), flops: 6 * height * cols * taps },
    );
  }
  // Rows that keep their number have one tap of weight 1: the copy that Pillow makes.
  const { tensor, taps } = axisTable(g, family, height, rows);
  g.record(
    preprocessRows,
    { pixels: resized, row_taps: tensor, y },
    { size, rows, cols, taps, ...COLOURS.sam },
    { workgroups: squareGrid(preprocessRows, size), flops: 6 * rows * cols * taps },
  );
  return y;
}

const AXES = { sam: pillowTaps, sam2: antialiasTaps, sam2rad: bilinearTaps };

/** The taps of an axis as a constant of the graph; rows and columns of the same sizes share it. */
function axisTable(g: Graph, family: PictureFamily, from: number, to: number) {
  const { taps, values }: TapTable = tapTable(AXES[family](from, to), from);
  return { taps, tensor: g.parameter(`taps.${family}(${from},${to})`, [to, 1 + taps], [], () => values) };
}

function squareGrid(kernel: Kernel<string, string, 'LANES_X' | 'LANES_Y'>, size: number): Workgroups {
  const { LANES_X, LANES_Y } = kernel.tunables;
  return [Math.ceil(size / LANES_X.default), Math.ceil(size / LANES_Y.default), 1];
}
