/** The goldens' weights and picture, made again by the rule of shared/goldens/README.md. */
import { mix } from '../../weights-tools/generate/rule.ts';

export * from '../../weights-tools/generate/rule.ts';

/** The picture of the goldens: u8, row-major, RGB, `width` x `height` x 3. */
export function generateImage(height: number, width: number, seed: number): Uint8Array {
  const image = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const noise = mix(seed + c, y * width + x) >>> 27;
        const distance = (x - (width >> 1)) ** 2 + (y - Math.floor(height / 3)) ** 2;
        const ring = Math.floor(distance / (97 + 31 * c)) & 127;
        image[(y * width + x) * 3 + c] = (ring + (x >> 3) * 3 + (y >> 4) * 5 + noise) & 255;
      }
    }
  }
  return image;
}
