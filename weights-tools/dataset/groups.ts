import { basename } from 'node:path';
import { randomStream, shuffled } from '../../src/evaluation.ts';
import { DatasetError } from '../../src/tasks/masks/error.ts';
import { UsageError } from '../errors.ts';

/**
 * `--group-by`: what of a file's name is its patient: the first capture group of a regular expression, or the whole
 * match where it has none.
 * @throws UsageError for text that is no regular expression
 */
export function parseGroupBy(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `--group-by is '${text}', which is no regular expression (${reason}); expected one whose first group is the patient, such as '^(\\d+)_'`,
    );
  }
}

/**
 * The group of a picture; without an expression each picture is one of its own.
 * @throws DatasetError where the expression does not match the file's name
 */
export function groupOf(image: string, groupBy: RegExp | undefined): string {
  const name = basename(image);
  if (!groupBy) return name.replace(/\.[^.]*$/, '');
  const match = groupBy.exec(name);
  const group = match?.[1] ?? match?.[0];
  if (!group) throw new DatasetError(`--group-by ${groupBy.source} finds nothing in the name of ${image}`);
  return group;
}

/**
 * Sets a share of the cases aside, whole groups only: the same for the same cases, share and seed, on any machine.
 * @param share of the cases, above 0 and below 1; at least one group stays on each side
 * @throws DatasetError where all cases are of one group
 */
export function splitByGroup<T extends { readonly name: string; readonly group: string }>(
  cases: readonly T[],
  share: number,
  seed: number,
): { readonly training: T[]; readonly validation: T[] } {
  const groups = [...new Set(cases.map(({ group }) => group))].sort();
  if (groups.length < 2)
    throw new DatasetError(
      `all ${cases.length} pictures are of one group (${groups[0] ?? 'none'}), which cannot be split: leave --val out, name a folder, or correct --group-by`,
    );
  const wanted = Math.max(1, Math.round(share * cases.length));
  const aside = new Set<string>();
  let count = 0;
  for (const group of shuffled(groups, randomStream(seed)).slice(1)) {
    if (count >= wanted) break;
    aside.add(group);
    count += cases.filter((one) => one.group === group).length;
  }
  return {
    training: cases.filter(({ group }) => !aside.has(group)),
    validation: cases.filter(({ group }) => aside.has(group)),
  };
}
