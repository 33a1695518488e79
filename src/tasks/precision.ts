import { UnsupportedError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Precision } from '../gpu/kernel.ts';

/**
 * What products multiply in.
 * @throws UnsupportedError for f16 where the device was made without `shader-f16`
 */
export function precisionOn({ device }: Gpu, wish: Precision = 'f32'): Precision {
  if (wish === 'f32') return wish;
  if (wish !== 'f16') throw new UnsupportedError(`compute is '${String(wish)}', expected f32, f16`);
  if (device.features.has('shader-f16')) return wish;
  throw new UnsupportedError("compute is 'f16', and this device has no shader-f16: leave compute out");
}
