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
/** Characters in one name, which are some 100. A pickle names a key of megabytes again at each depth. */
const MAX_NAME = 1 << 16;
/** Characters of a key in what is said of it. */
const MAX_QUOTED = 200;

export interface Node {
  readonly value: Value;
  readonly key: Value;
  readonly parent: Node | undefined;
  readonly depth: number;
  /** Characters of its name, with a dot more: known before the name is made. */
  readonly length: number;
}

const textOf = (key: Value) => (typeof key === 'object' && key !== null ? '?' : String(key));

/** The keys from the root, each cut to `most` characters, joined with dots, as `state_dict` names are. */
function pathOf(node: Node, most: number): string {
  const keys: string[] = [];
  for (let at: Node | undefined = node; at?.parent; at = at.parent)
    keys.unshift(textOf(at.key).slice(0, most));
  return keys.join('.');
}

/** Where a node lies, for messages: its keys may be long, and many may share them. */
export const quotedPath = (node: Node) => pathOf(node, MAX_QUOTED);

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
  const pending: Node[] = [{ value: root, key: null, parent: undefined, depth: 0, length: 0 }];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const { value } = node;
    if (isTensor(value)) {
      characters += node.length;
      check(node.length, MAX_NAME, 'characters in the name of a tensor');
      check(characters, MAX_CHARACTERS, 'characters in the names of its tensors');
      const name = pathOf(node, MAX_NAME);
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
        const length = node.length + 1 + textOf(key).length;
        below.push({ value: child, key, parent: node, depth: node.depth + 1, length });
      }
      for (const child of below.reverse()) pending.push(child);
    }
  }
  return { tensors: Array.from(tensors, ([name, tensor]) => ({ name, tensor })), leftOut, twice, tooDeep };
}
