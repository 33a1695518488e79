/** How a proposed mask becomes a part of a label: in the place of its class's pixels, or beside them. */
export type Keeping = 'replace' | 'add';

/**
 * The label with the proposed masks of these classes in it. A pixel has one class: the one that came last.
 * @param label null where there is none yet
 * @param proposal class numbers, 0 = background
 */
export function keptLabel(
  label: Uint8Array | null,
  proposal: Uint8Array,
  classNumbers: readonly number[],
  keeping: Keeping,
): Uint8Array {
  const isKept = new Uint8Array(256);
  for (const classNumber of classNumbers) isKept[classNumber] = 1;
  return proposal.map((proposed, i) => {
    if (isKept[proposed]) return proposed;
    const before = label?.[i] ?? 0;
    return keeping === 'replace' && isKept[before] ? 0 : before;
  });
}
