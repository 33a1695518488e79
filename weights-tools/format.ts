import { duration } from '../src/tasks/train/curves.ts';

/** 13268544 as "13,268,544". */
export const thousands = (count: number): string => count.toLocaleString('en-US');

/** Bytes as "26.5 MB" (10^6), small files as "1.2 kB" or "12 bytes". */
export function megabytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const DAY_MS = 86_400_000;

/** Milliseconds as `duration` says them, two days and more as "12 days". */
export function longDuration(milliseconds: number): string {
  const days = Math.round(milliseconds / DAY_MS);
  return days < 2 ? duration(milliseconds) : `${thousands(days)} days`;
}
