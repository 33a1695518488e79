import type { TunableInfo } from '../gpu/kernel.ts';
import { columnsOf, expect, type Tensor } from '../graph/tensor.ts';

/** A kernel of lib/row_tile.wgsl. */
interface TokenKernel {
  readonly tunables: { readonly ROWS: TunableInfo; readonly LANES: TunableInfo };
}

/** Channels of tokens in fours, as the kernels of lib/row_tile.wgsl want them. */
export function tokenChannels(
  op: string,
  { tunables: { ROWS, LANES } }: TokenKernel,
  tokens: Tensor,
): number {
  const channels4 = columnsOf(tokens) / 4;
  expect(
    channels4 >= 2 && Number.isInteger(Math.log2(channels4)) && channels4 <= LANES.default / ROWS.default,
    op,
    () =>
      `'${tokens.name}' [${tokens.shape}] needs columns that are a power of 2, 8 to ${(4 * LANES.default) / ROWS.default}`,
  );
  return channels4;
}

/** Workgroups that hold these tokens. */
export const tokenGroups = ({ tunables: { ROWS } }: TokenKernel, tokens: number): number =>
  Math.ceil(tokens / ROWS.default);
