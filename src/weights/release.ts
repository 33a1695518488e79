/** Bytes from which on an array is given back; smaller ones are the collector's, which sees them soon enough. */
export const LARGE = 1 << 20;

/**
 * Gives the memory of large arrays back now; nobody may use them afterwards. A collector sees an array as a small
 * object and leaves it for long: `npm run page-memory` measures what that is while a large model is loaded.
 *
 * Only for arrays that our own code made, as `readRange` makes its large ones. What a blob's read returns must not be
 * given back: Chromium keeps its memory all the same, and no longer counts it, so that it collects even later. Node 20
 * does not know `transfer`.
 */
export function release(arrays: Iterable<ArrayBufferView>): void {
  for (const { buffer } of arrays) {
    // The library that we compile against is older than the method.
    const { transfer } = buffer as { transfer?: (bytes: number) => ArrayBuffer };
    if (buffer.byteLength >= LARGE) transfer?.call(buffer, 0);
  }
}
