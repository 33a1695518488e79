/** Whether two engines with the same weights computed the same. */
import { relativeError } from '../measure.ts';

/** Relative, of a whole tensor. Sums in f32 in another order differ by 2e-5 at most (README); more is a mistake. */
const LARGEST_ERROR = 1e-4;

/** A tensor of both, by its name. */
export interface Pair {
  readonly name: string;
  readonly ours: ArrayLike<number>;
  readonly theirs: ArrayLike<number>;
}

export interface Agreement {
  /** Relative error of ours to theirs, by name, of tensors that have one. */
  readonly errors: Readonly<Record<string, number>>;
  /** A sentence for each tensor that differs by more than rounding does. */
  readonly disagreements: readonly string[];
}

export function agreementOf(pairs: readonly Pair[]): Agreement {
  const errors: Record<string, number> = {};
  const disagreements: string[] = [];
  for (const { name, ours, theirs } of pairs) {
    if (ours.length !== theirs.length || ours.length === 0) {
      disagreements.push(`${name}: ours has ${ours.length} values, theirs ${theirs.length}`);
      continue;
    }
    const error = relativeError(ours, theirs);
    if (Number.isFinite(error)) errors[name] = error;
    // NaN is no agreement either.
    if (!(error <= LARGEST_ERROR))
      disagreements.push(
        `${name}: the relative error of ours to theirs is ${error.toExponential(1)}, at most ${LARGEST_ERROR.toExponential(0)} is rounding`,
      );
  }
  return { errors, disagreements };
}
