/** 13268544 as "13,268,544". */
export const thousands = (count: number): string => count.toLocaleString('en-US');

/** Bytes as "26.5 MB" (10^6), small files as "1.2 kB" or "12 bytes". */
export function megabytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
