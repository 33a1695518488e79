import { DatasetError, listed } from '../../src/tasks/masks/error.ts';
import { checkValues, type MaskValues } from '../../src/tasks/masks/mask-file.ts';
import { MOST_CLASSES } from '../../src/weights/config.ts';
import { UsageError } from '../errors.ts';

/** Without `--classes`, larger numbers are taken for a mistake: no picture of ultrasound shows so many structures. */
const MOST_INFERRED = 16;

/**
 * `--classes`: a count, or names in order of the class numbers.
 * @returns names; `class 1`, `class 2`, ... of a count
 * @throws UsageError
 */
export function parseClasses(text: string): string[] {
  const wrong = (why: string) =>
    new UsageError(
      `--classes is '${text}', ${why}; expected a count such as 2, or names such as bone,tendon`,
    );
  if (/^\d+$/.test(text)) {
    const count = Number(text);
    if (count < 1 || count > MOST_CLASSES) throw wrong(`which is not within 1 to ${MOST_CLASSES}`);
    return numbered(count);
  }
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw wrong('where a name is empty');
  if (names.some((name) => /\p{Cc}/u.test(name))) throw wrong('where a name holds control characters');
  if (new Set(names).size < names.length) throw wrong('where a name stands twice');
  if (names.length > MOST_CLASSES) throw wrong(`which are more than ${MOST_CLASSES}`);
  return names;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `class ${i + 1}`);

/**
 * The classes of a set of masks: those that were named, else as many as the masks hold.
 * @throws DatasetError that names a file: a number past the count, only empty masks, values that look like no class
 * numbers, or a gap in the numbers where no count was given
 */
export function classesOf(
  masks: readonly Pick<MaskValues, 'file' | 'counts'>[],
  folder: string,
  names?: readonly string[],
): readonly string[] {
  for (const mask of masks) checkValues(mask, names?.length ?? MOST_INFERRED, 'give --classes');
  const used = new Set(masks.flatMap(({ counts }) => [...counts.keys()]));
  used.delete(0);
  if (used.size === 0)
    throw new DatasetError(
      `${folder} holds ${masks.length} masks and all are empty: no pixel has a class number; label at least one picture`,
    );
  if (names) return names;
  const count = Math.max(...used);
  const absent = numbered(count).flatMap((_, i) => (used.has(i + 1) ? [] : [String(i + 1)]));
  if (absent.length > 0)
    throw new DatasetError(
      `the masks in ${folder} go up to class ${count}, but none holds class ${listed(absent)}; give --classes ${count} if that is right`,
    );
  return numbered(count);
}
