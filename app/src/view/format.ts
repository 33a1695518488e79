/** Numbers as people read them. */

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const UNITS = ['bytes', 'kB', 'MB', 'GB'];

export function count(value: number): string {
  return COUNT.format(value);
}

export function score(value: number): string {
  return value.toFixed(2);
}

export function signed(value: number): string {
  return value.toFixed(1).replace('-', '−');
}

/** In powers of 1000, as disks and downloads are counted. */
export function bytes(value: number): string {
  const power = value < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  const amount = value / 1000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}

export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${COUNT.format(value)} ms` : `${value.toFixed(1)} ms`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
