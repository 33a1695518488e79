/** The CRC-32 of zip (polynomial 0xEDB88320), eight bytes a step: some 0.5 GB/s. */

const tables: Uint32Array[] = [];

function makeTables(): void {
  const first = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    first[n] = c >>> 0;
  }
  tables.push(first);
  for (let t = 1; t < 8; t++) {
    const previous = tables[t - 1] ?? first;
    tables.push(Uint32Array.from(previous, (c) => (c >>> 8) ^ (first[c & 255] ?? 0)));
  }
}

/**
 * CRC-32 of `bytes`, or of what came before followed by `bytes`.
 * @param previous the result for what came before; 0 at the start
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  if (tables.length === 0) makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  if (!t0 || !t1 || !t2 || !t3 || !t4 || !t5 || !t6 || !t7) return 0;
  const at = (table: Uint32Array, index: number) => table[index] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength - (bytes.byteLength % 8);
  let c = ~previous >>> 0;
  let i = 0;
  for (; i < whole; i += 8) {
    const low = view.getUint32(i, true) ^ c;
    const high = view.getUint32(i + 4, true);
    c =
      at(t7, low & 255) ^
      at(t6, (low >>> 8) & 255) ^
      at(t5, (low >>> 16) & 255) ^
      at(t4, low >>> 24) ^
      at(t3, high & 255) ^
      at(t2, (high >>> 8) & 255) ^
      at(t1, (high >>> 16) & 255) ^
      at(t0, high >>> 24);
  }
  for (; i < bytes.byteLength; i++) c = (c >>> 8) ^ at(t0, (c ^ (bytes[i] ?? 0)) & 255);
  return ~c >>> 0;
}
