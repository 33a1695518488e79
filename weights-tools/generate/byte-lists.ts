/** Numbers and texts as little-endian byte lists, which zips and pickles are put together from. */

export const utf8 = (text: string) => new TextEncoder().encode(text);
export const u16 = (value: number) => [value & 255, (value >>> 8) & 255];
export const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
export const u64 = (value: number) => [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];
