/**
 * `npx tsx tools/phantom-dataset.ts FOLDER ANATOMY:CLASS[=NUMBER]...`: phantoms of several anatomies as one data set. Each class
 * that is named gets the number given, 1 without one; the rest is background. FOLDER/Train and FOLDER/Test, as `sam2rad train`
 * and `eval` read them. `wrist:1 hip:1 shoulder:1` are the bone surfaces; with `hip:2=2 shoulder:2=3`, all classes.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { loadCase, openDataset } from '../weights-tools/dataset/dataset.ts';

const [folder, ...wanted] = process.argv.slice(2);
if (!folder || wanted.length === 0)
  throw new Error('usage: phantom-dataset FOLDER ANATOMY:CLASS[=NUMBER]...');

/** By anatomy: the number that each of its classes gets. */
const numbers = new Map<string, Map<number, number>>();
for (const word of wanted) {
  const [, anatomy, from, to = '1'] = /^(\w+):(\d+)(?:=(\d+))?$/.exec(word) ?? [];
  if (!anatomy)
    throw new Error(`got '${word}', expected ANATOMY:CLASS or ANATOMY:CLASS=NUMBER, such as hip:2=3`);
  const own = numbers.get(anatomy) ?? new Map<number, number>();
  numbers.set(anatomy, own.set(Number(from), Number(to)));
}

const phantoms = fileURLToPath(new URL('../phantoms', import.meta.url));
for (const part of ['Train', 'Test'] as const) {
  const [images, masks] = [join(folder, part, 'imgs'), join(folder, part, 'gts')];
  for (const each of [images, masks]) await mkdir(each, { recursive: true });
  for (const [anatomy, own] of numbers) {
    const { cases } = await openDataset(sharp, join(phantoms, anatomy), part, {});
    for (const one of cases) {
      const { picture, classMap } = await loadCase(sharp, one);
      const { width, height } = picture;
      const name = `${anatomy}-${one.name}.png`;
      await copyFile(join(phantoms, anatomy, part, 'imgs', `${one.name}.png`), join(images, name));
      const mask = sharp(
        classMap.map((number) => own.get(number) ?? 0),
        { raw: { width, height, channels: 1 } },
      );
      await writeFile(join(masks, name), await mask.toColourspace('b-w').png().toBuffer());
    }
  }
}
