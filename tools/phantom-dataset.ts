/**
 * `npx tsx tools/phantom-dataset.ts FOLDER ANATOMY:CLASS...`: phantoms as a data set of their own, of one class: the one that is
 * named of each anatomy; the rest is background. FOLDER/Train and FOLDER/Test, as `sam2rad train` and `eval` read them.
 * `wrist:1 hip:1 shoulder:1`, the bone surfaces, is what the page's demo model is trained on.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { loadCase, openDataset } from '../weights-tools/dataset/dataset.ts';

const [folder, ...wanted] = process.argv.slice(2);
if (!folder || wanted.length === 0) throw new Error('usage: phantom-dataset FOLDER ANATOMY:CLASS...');
const phantoms = fileURLToPath(new URL('../phantoms', import.meta.url));
for (const part of ['Train', 'Test'] as const) {
  const [images, masks] = [join(folder, part, 'imgs'), join(folder, part, 'gts')];
  for (const each of [images, masks]) await mkdir(each, { recursive: true });
  for (const word of wanted) {
    const [anatomy = '', number] = word.split(':');
    const { cases } = await openDataset(sharp, join(phantoms, anatomy), part, {});
    for (const one of cases) {
      const { picture, classMap } = await loadCase(sharp, one);
      const { width, height } = picture;
      const own = classMap.map((at) => (at === Number(number) ? 1 : 0));
      const name = `${anatomy}-${one.name}.png`;
      await copyFile(join(phantoms, anatomy, part, 'imgs', `${one.name}.png`), join(images, name));
      const mask = sharp(own, { raw: { width, height, channels: 1 } });
      await writeFile(join(masks, name), await mask.toColourspace('b-w').png().toBuffer());
    }
  }
}
