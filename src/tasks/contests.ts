import { type Kernel, textOf } from '../gpu/kernel.ts';
import type { Choice, Dispatch, GraphTraits, Recording, TunedKernels } from '../graph/graph.ts';

/** A class of sizes, one call of it by each variant, and how much of the models' arithmetic the class is. */
export interface Contest {
  readonly sizeClass: string;
  /** All dispatches of the call by a variant; the default is the first. */
  readonly contestants: ReadonlyMap<string, readonly Dispatch[]>;
  /** Fingerprint of what the variants set, and of the texts of all their kernels. */
  readonly kernels: string;
  readonly flops: number;
}

/** What a call of an op with variants recorded. */
interface Call {
  readonly choice: Choice;
  readonly dispatches: Dispatch[];
}

/**
 * Every class with more than one variant; those with the most arithmetic first. A class rounds rows up, and its calls may
 * differ in what they can choose from: the call that is timed is the first of those with the most variants, by each of its
 * own.
 *
 * @param record a model's recordings under some traits
 */
export async function contestsOf(
  traits: GraphTraits,
  record: (traits: GraphTraits) => readonly Recording[],
): Promise<readonly Contest[]> {
  const callsBy = (tuned?: TunedKernels) => callsOf(record({ ...traits, tuned }));
  const drafts = [...callsBy()].map(([sizeClass, calls]) => {
    const most = Math.max(...calls.map(({ choice }) => choice.variants.length));
    // Which variant computes does not change how many calls there are.
    const at = calls.findIndex(({ choice }) => choice.variants.length === most);
    const flops = calls.flatMap(({ dispatches }) => dispatches).reduce((sum, each) => sum + each.flops, 0);
    return { sizeClass, at, names: calls[at]?.choice.variants ?? [], flops, byName: new Map<string, Call>() };
  });
  const most = Math.max(0, ...drafts.map(({ names }) => names.length));
  for (let i = 0; i < most; i++) {
    const nth: Record<string, string> = {};
    for (const { sizeClass, names } of drafts) nth[sizeClass] = names[i] ?? '';
    const calls = callsBy(nth);
    for (const { sizeClass, at, byName } of drafts) {
      const call = calls.get(sizeClass)?.[at];
      if (call && call.choice.taken.name === nth[sizeClass]) byName.set(call.choice.taken.name, call);
    }
  }
  const contests = drafts
    .filter(({ byName }) => byName.size > 1)
    .map(async ({ sizeClass, flops, byName }) => ({
      ...{ sizeClass, flops, kernels: await fingerprint(byName.values()) },
      contestants: new Map([...byName].map(([name, { dispatches }]) => [name, dispatches])),
    }));
  return (await Promise.all(contests)).sort((a, b) => b.flops - a.flops);
}

/** The calls of each class, in the order of the recordings. */
function callsOf(recordings: readonly Recording[]): Map<string, Call[]> {
  const calls = new Map<Choice, Call>();
  for (const dispatch of recordings.flatMap(({ dispatches }) => dispatches)) {
    const { choice } = dispatch;
    if (!choice) continue;
    const call = calls.get(choice) ?? { choice, dispatches: [] };
    call.dispatches.push(dispatch);
    calls.set(choice, call);
  }
  const classes = new Map<string, Call[]>();
  for (const call of calls.values()) {
    const { sizeClass } = call.choice;
    classes.set(sizeClass, [...(classes.get(sizeClass) ?? []), call]);
  }
  return classes;
}

/** FNV-1a; of the epilogue, which is the call's and not the variant's, it knows nothing. */
async function fingerprint(calls: Iterable<Call>): Promise<string> {
  let hash = 0x811c9dc5;
  for (const { choice, dispatches } of calls) {
    const sets = JSON.stringify(choice.taken, (key, value: unknown) =>
      key === 'kernel' ? undefined : value,
    );
    const kernels = new Set(dispatches.map(({ kernel }): Kernel => kernel));
    const texts = await Promise.all([...kernels].map(textOf));
    for (const letter of [sets, ...texts].join(''))
      hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
