/** Numbers as people read them. */

/** Three digits that count, without an exponent. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'not known';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(8, digits))));
}

export const percent = (share: number): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %` : '';

/** Without its tuning. */
export const kernelName = (kernel: string): string => kernel.replace(/\(.*/, '');

export const times = (ratio: number): string => (Number.isFinite(ratio) ? `${ratio.toFixed(2)}×` : '');
