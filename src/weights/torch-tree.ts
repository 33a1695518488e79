import { CheckpointError } from '../errors.ts';
import {
  isDict,
  isOpaque,
  isSequence,
  isTensor,
  kindOf,
  type TensorRef,
  type Value,
} from './pickle-values.ts';

export interface NamedTensor {
  readonly name: string;
  readonly tensor: TensorRef;
}

export interface Tree {
  readonly tensors: readonly NamedTensor[];
  /** Objects that were left out. */
  readonly leftOut: readonly Node[];
  /** Names that two tensors claim; the first keeps it. */
  readonly twice: readonly string[];
  readonly tooDeep: boolean;
}

// A state dict in a trainer's dict nests some 6 deep. Memo tricks make a small pickle a huge tree.
const MAX_DEPTH = 48;
const MAX_NODES = 200_000;
/** Numbers and texts, too: each costs an honest pickle one of its million steps. */
const MAX_VALUES = 1_000_000;
/** Characters in the names of all tensors, which are some 200,000 for 3,000 tensors. */
const MAX_CHARACTERS = 1 << 24;

export interface Node {
  readonly value: Value;
  readonly key: Value;
  readonly parent: Node | undefined;
  readonly depth: number;
}

/** The keys from the root, joined with dots, as `state_dict` names are. They may be long: not to be made for each node. */
export function pathOf(node: Node): string {
  const keys: string[] = [];
  for (let at: Node | undefined = node; at?.parent; at = at.parent) {
    keys.unshift(typeof at.key === 'object' && at.key !== null ? '?' : String(at.key));
  }
  return keys.join('.');
}

function* children(value: Value): Generator<readonly [Value, Value]> {
  if (isDict(value)) yield* value.entries;
  else if (isSequence(value)) for (const [i, item] of value.items.entries()) yield [i, item];
}

/**
 * All tensors below `root`, depth first in the file's order, with their dotted names. Not recursive.
 * @throws CheckpointError when the tree unfolds to more values, or longer names, than any checkpoint's
 */
export function findTensors(root: Value, file: string): Tree {
  const tensors = new Map<string, TensorRef>();
  const leftOut: Node[] = [];
  const twice: string[] = [];
  let tooDeep = false;
  let [nodes, values, characters] = [0, 0, 0];
  const check = (count: number, most: number, what: string) => {
    if (count > most)
      throw new CheckpointError(
        `${file}: its lists and dicts unfold to more than ${most} ${what}, as no checkpoint's do. It was made to exhaust memory; do not use it.`,
      );
  };
  const pending: Node[] = [{ value: root, key: null, parent: undefined, depth: 0 }];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const { value } = node;
    if (isTensor(value)) {
      const name = pathOf(node);
      characters += name.length;
      check(characters, MAX_CHARACTERS, 'characters in the names of its tensors');
      if (tensors.has(name)) twice.push(name);
      else tensors.set(name, value);
    } else if (isOpaque(value)) {
      leftOut.push(node);
    } else if (node.depth === MAX_DEPTH) {
      tooDeep ||= kindOf(value) !== undefined;
    } else {
      const below: Node[] = [];
      for (const [key, child] of children(value)) {
        check(++values, MAX_VALUES, 'values');
        if (typeof child !== 'object' || child === null) continue;
        check(++nodes, MAX_NODES, 'values');
        below.push({ value: child, key, parent: node, depth: node.depth + 1 });
      }
      for (const child of below.reverse()) pending.push(child);
    }
  }
  return { tensors: Array.from(tensors, ([name, tensor]) => ({ name, tensor })), leftOut, twice, tooDeep };
}
