/**
 * `npx tsx tools/demo-dataset.ts FOLDER`: what the page's demo model is trained on, as `sam2rad train` reads it. The
 * thirty training phantoms of the three anatomies; their bone surfaces are the one class, the rest is background.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { loadCase, openDataset } from '../weights-tools/dataset/dataset.ts';

const BONE_SURFACE = 1;

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: demo-dataset FOLDER');
const phantoms = fileURLToPath(new URL('../phantoms', import.meta.url));
for (const part of ['imgs', 'gts']) await mkdir(join(folder, part), { recursive: true });
for (const anatomy of ['wrist', 'hip', 'shoulder']) {
  const { cases } = await openDataset(sharp, join(phantoms, anatomy), 'Train', {});
  for (const one of cases) {
    const { picture, classMap } = await loadCase(sharp, one);
    const { width, height } = picture;
    const bone = classMap.map((number) => (number === BONE_SURFACE ? 1 : 0));
    const name = `${anatomy}-${one.name}.png`;
    await copyFile(join(phantoms, anatomy, 'Train', 'imgs', `${one.name}.png`), join(folder, 'imgs', name));
    const mask = sharp(bone, { raw: { width, height, channels: 1 } });
    await writeFile(join(folder, 'gts', name), await mask.toColourspace('b-w').png().toBuffer());
  }
}
