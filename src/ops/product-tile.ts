/** Workgroups that keep a GPU busy: where larger tiles would make fewer, smaller ones are taken. */
const BUSY = 128;

/** Rows below which a tile of workgroup memory would be mostly empty. */
const FEW_ROWS = 32;

/** Rows of a lane of `matmul_tile` and `conv2d_tile` for a product of this size; undefined where rows are too few. */
export function rowsOfLane(rows: number, cols: number, batch = 1): 4 | 8 | undefined {
  if (rows < FEW_ROWS) return undefined;
  return batch * Math.ceil(rows / 64) * Math.ceil(cols / 64) < BUSY ? 4 : 8;
}
