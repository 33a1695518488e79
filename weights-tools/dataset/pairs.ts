import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DatasetError, listed } from '../../src/tasks/masks/error.ts';
import { systemReason } from '../errors.ts';

/** A picture's file and its mask's. */
export interface Pair {
  /** The file's name without its ending, which both share. */
  readonly name: string;
  readonly image: string;
  readonly truth: string;
}

export interface Pairs {
  /** The folder that holds imgs/ and gts/. */
  readonly folder: string;
  /** By name, so that no file system decides the order. */
  readonly pairs: readonly Pair[];
  readonly warnings: readonly string[];
}

/** Which half of a folder with Train/ and Test/. */
export type Part = 'Train' | 'Test';

const PICTURES = /\.(png|jpe?g|webp)$/i;
/** What file managers leave behind. */
const LEFTOVERS = /^(\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * The pairs of the reference's folder layout: `imgs/` and `gts/` with files of the same names, in the folder itself or
 * in its Train/ or Test/.
 * @throws DatasetError that names the folder or file: another layout, no pictures, a picture without a mask or the
 * reverse, two pictures of one name, masks that are no PNGs
 */
export async function findPairs(dataset: string, part: Part): Promise<Pairs> {
  const folder = await partFolder(dataset, part);
  const names = await entries(folder);
  const [imgs, gts] = ['imgs', 'gts'].map((wanted) => names.find((name) => name.toLowerCase() === wanted));
  if (!imgs || !gts) throw new DatasetError(`${folder} has no folder ${imgs ? 'gts' : 'imgs'}/`);
  const images = await byStem(join(folder, imgs));
  const truths = await byStem(join(folder, gts));
  const warnings = [...images.strangers, ...truths.strangers].map(
    (file) => `${file} is neither PNG, JPEG nor WebP and was left out`,
  );
  if (images.files.size === 0)
    throw new DatasetError(`${join(folder, imgs)} holds no pictures; expected PNG, JPEG or WebP files`);
  for (const file of truths.files.values())
    if (!/\.png$/i.test(file))
      throw new DatasetError(`${file} is no PNG: other formats change class numbers; save masks as PNGs`);
  const alone = [...images.files].filter(([stem]) => !truths.files.has(stem)).map(([, file]) => file);
  if (alone.length > 0)
    throw new DatasetError(
      `${alone.length === 1 ? 'a picture has' : `${alone.length} pictures have`} no mask of the same name in ${join(folder, gts)}: ${listed(alone)}; add ${alone.length === 1 ? 'it' : 'them'}, all 0 where there is nothing to see, or take the picture away`,
    );
  const orphans = [...truths.files].filter(([stem]) => !images.files.has(stem)).map(([, file]) => file);
  if (orphans.length > 0)
    throw new DatasetError(
      `${orphans.length === 1 ? 'a mask has' : `${orphans.length} masks have`} no picture of the same name in ${join(folder, imgs)}: ${listed(orphans)}; add the picture or take the mask away`,
    );
  const pairs = [...images.files].map(([name, image]) => ({
    name,
    image,
    truth: truths.files.get(name) ?? '',
  }));
  return { folder, pairs: pairs.sort((a, b) => (a.name < b.name ? -1 : 1)), warnings };
}

async function partFolder(dataset: string, part: Part): Promise<string> {
  const names = await entries(dataset);
  const find = (wanted: string) => names.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (find('imgs') || find('gts')) return dataset;
  const found = find(part);
  if (found) return join(dataset, found);
  const other = part === 'Test' ? find('Train') : find('Test');
  if (other)
    throw new DatasetError(
      `${dataset} has ${other}/ but no ${part}/; name ${join(dataset, other)} to use that`,
    );
  throw new DatasetError(
    `${dataset} is no dataset: expected imgs/ and gts/, or Train/ and Test/ that each hold them; it holds ${listed(names) || 'nothing'}`,
  );
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new DatasetError(`cannot read ${folder}: ${systemReason(error)}`, { cause: error });
  }
}

async function byStem(folder: string): Promise<{ files: Map<string, string>; strangers: string[] }> {
  const files = new Map<string, string>();
  const strangers: string[] = [];
  for (const name of await entries(folder)) {
    if (LEFTOVERS.test(name)) continue;
    const path = join(folder, name);
    if (!PICTURES.test(name)) {
      strangers.push(path);
      continue;
    }
    const stem = name.slice(0, -extname(name).length);
    const other = files.get(stem);
    if (other !== undefined)
      throw new DatasetError(`${other} and ${path} share one name; rename or remove one`);
    files.set(stem, path);
  }
  return { files, strangers };
}
