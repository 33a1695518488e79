import type { CheckpointError } from '../errors.ts';
import { PickleBytes } from './pickle-bytes.ts';
import { readScalar } from './pickle-scalars.ts';
import { type Dict, isDict, isSequence, type Value } from './pickle-values.ts';

/** What the pickle machine asks its owner: every answer is inert data. */
export interface PickleHost {
  /** The value of `module.name`; usually a `Global`, which is but a name. */
  global(module: string, name: string): Value;
  /** What stands for the result of calling `callee` with `args`. Nothing may be executed. */
  call(callee: Value, args: readonly Value[]): Value;
  /** What a persistent id (a storage) stands for. */
  persistent(id: Value): Value;
}

export interface Unpickled {
  readonly value: Value;
  /** The byte after the pickle. */
  readonly end: number;
}

// A model of 3,000 tensors with its optimizer's state takes some 300,000 steps and 60,000 objects. Memory is
// bounded by these two, because a step makes at most one value and its operands are bounded by the file. A host that
// copies what a value holds must count that, too: a pickle hands over one long list as often as it likes.
const MAX_STEPS = 1_000_000;
export const MAX_OBJECTS = 400_000;
/** Of a class and its module together. A pickle can name a text of a megabyte in two bytes, as often as it likes. */
const MAX_GLOBAL = 1000;

/**
 * Reads one pickle (protocols 0 to 5) into inert values. No recursion, so depth costs nothing.
 * @param where "file: entry", for messages
 * @param at first byte
 * @throws PickleEnds when `bytes` stop too soon; CheckpointError for an unknown opcode, a stack that
 * underflows, or too many steps or objects
 */
export function unpickle(bytes: Uint8Array, where: string, host: PickleHost, at = 0): Unpickled {
  return new Machine(new PickleBytes(bytes, where, at), host).run();
}

class Machine {
  readonly input: PickleBytes;
  readonly host: PickleHost;
  /** Values since the last mark; the ones before it wait in `marks`. */
  stack: Value[] = [];
  readonly marks: Value[][] = [];
  readonly memo = new Map<number, Value>();
  objects = 0;

  constructor(input: PickleBytes, host: PickleHost) {
    this.input = input;
    this.host = host;
  }

  run(): Unpickled {
    for (let step = 0; step < MAX_STEPS; step++) {
      const code = this.input.u8();
      if (code === 0x2e) return { value: this.pop(), end: this.input.at };
      if (!this.constant(code) && !this.container(code) && !this.memory(code) && !this.object(code)) {
        this.input.at--;
        throw this.input.error(`an unknown opcode 0x${code.toString(16).padStart(2, '0')}`);
      }
    }
    throw this.error(`more than ${MAX_STEPS} steps`);
  }

  error(what: string): CheckpointError {
    return this.input.error(what);
  }

  push(value: Value): true {
    if (typeof value === 'object' && value !== null && ++this.objects > MAX_OBJECTS) {
      throw this.error(`more than ${MAX_OBJECTS} objects`);
    }
    this.stack.push(value);
    return true;
  }

  pop(): Value {
    const value = this.stack.pop();
    if (value === undefined) throw this.error('a value is taken from an empty stack');
    return value;
  }

  top(): Value {
    const value = this.stack.at(-1);
    if (value === undefined) throw this.error('a value is missing from the stack');
    return value;
  }

  /** Takes everything since the last mark. */
  popMark(): Value[] {
    const before = this.marks.pop();
    if (!before) throw this.error('a mark is missing');
    const items = this.stack;
    this.stack = before;
    return items;
  }

  /** Opcodes that push one constant, and the two that only frame the stream. */
  constant(code: number): boolean {
    if (code === 0x80) {
      // PROTO
      if (this.input.u8() > 5) throw this.error('a pickle protocol above 5');
      return true;
    }
    if (code === 0x95) {
      // FRAME: only a hint for buffering
      this.input.u64();
      return true;
    }
    const value = readScalar(this.input, code);
    return value !== undefined && this.push(value);
  }

  /** Opcodes that make and fill containers. */
  container(code: number): boolean {
    switch (code) {
      case 0x28: // MARK
        this.marks.push(this.stack);
        this.stack = [];
        return true;
      case 0x29: // EMPTY_TUPLE
        return this.push({ kind: 'tuple', items: [] });
      case 0x5d: // EMPTY_LIST
        return this.push({ kind: 'list', items: [] });
      case 0x7d: // EMPTY_DICT
        return this.push({ kind: 'dict', entries: new Map() });
      case 0x8f: // EMPTY_SET
        return this.push({ kind: 'set', items: [] });
      case 0x74: // TUPLE
        return this.push({ kind: 'tuple', items: this.popMark() });
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const count = code - 0x84;
        if (this.stack.length < count) throw this.error('a tuple lacks its items');
        return this.push({ kind: 'tuple', items: this.stack.splice(-count) });
      }
      case 0x6c: // LIST
        return this.push({ kind: 'list', items: this.popMark() });
      case 0x91: // FROZENSET
        return this.push({ kind: 'set', items: this.popMark() });
      case 0x64: {
        // DICT
        const dict: Dict = { kind: 'dict', entries: new Map() };
        this.fill(dict, this.popMark());
        return this.push(dict);
      }
      case 0x61: // APPEND
        return this.extend([this.pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.extend(this.popMark());
      case 0x73: {
        // SETITEM
        const value = this.pop();
        return this.setItems([this.pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.setItems(this.popMark());
      default:
        return false;
    }
  }

  /** Adds to the list or set on top. What an object that was left out would do with items is not our concern. */
  extend(items: readonly Value[]): true {
    const target = this.top();
    if (isSequence(target)) for (const item of items) target.items.push(item);
    else if (typeof target !== 'object') throw this.error('items for something that is no list');
    return true;
  }

  setItems(items: readonly Value[]): true {
    const target = this.top();
    if (isDict(target)) this.fill(target, items);
    else if (typeof target !== 'object') throw this.error('entries for something that is no dict');
    return true;
  }

  /** Enters keys and values, which alternate. */
  fill(dict: Dict, items: readonly Value[]): void {
    if (items.length % 2 !== 0) throw this.error('a dict key lacks its value');
    for (let i = 0; i + 1 < items.length; i += 2) dict.entries.set(items[i] ?? null, items[i + 1] ?? null);
  }

  /** Opcodes that move values between stack and memo. */
  memory(code: number): boolean {
    const { input } = this;
    switch (code) {
      case 0x30: // POP; with nothing since the mark it takes the mark
        if (this.stack.length > 0) this.pop();
        else this.popMark();
        return true;
      case 0x31: // POP_MARK
        this.popMark();
        return true;
      case 0x32: // DUP
        return this.push(this.top());
      case 0x71: // BINPUT
        return this.remember(input.u8());
      case 0x72: // LONG_BINPUT
        return this.remember(input.u32());
      case 0x70: // PUT
        return this.remember(Number(input.decimal()));
      case 0x94: // MEMOIZE
        return this.remember(this.memo.size);
      case 0x68: // BINGET
        return this.recall(input.u8());
      case 0x6a: // LONG_BINGET
        return this.recall(input.u32());
      case 0x67: // GET
        return this.recall(Number(input.decimal()));
      default:
        return false;
    }
  }

  remember(index: number): true {
    this.memo.set(index, this.top());
    return true;
  }

  recall(index: number): true {
    const value = this.memo.get(index);
    if (value === undefined) throw this.error(`memo ${index} is read before it is written`);
    // Not through push: a value that is there already costs no memory.
    this.stack.push(value);
    return true;
  }

  /** Opcodes that name, make and fill Python objects: the host answers with data, nothing is executed. */
  object(code: number): boolean {
    const { input, host } = this;
    switch (code) {
      case 0x63: // GLOBAL
        return this.push(host.global(input.line(), input.line()));
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== 'string' || typeof module !== 'string') throw this.error('a class has no name');
        if (name.length + module.length > MAX_GLOBAL) throw this.error('a class has a name of no end');
        return this.push(host.global(module, name));
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = this.pop();
        return this.push(host.call(this.pop(), isSequence(args) ? args.items : []));
      }
      case 0x92: {
        // NEWOBJ_EX: its keyword arguments are for classes, none of which we know
        this.pop();
        const args = this.pop();
        return this.push(host.call(this.pop(), isSequence(args) ? args.items : []));
      }
      case 0x69: {
        // INST
        const callee = host.global(input.line(), input.line());
        return this.push(host.call(callee, this.popMark()));
      }
      case 0x6f: {
        // OBJ
        const [callee = null, ...args] = this.popMark();
        return this.push(host.call(callee, args));
      }
      case 0x62: // BUILD: the object's attributes (an OrderedDict's _metadata); tensors have none
        this.pop();
        this.top();
        return true;
      case 0x51: // BINPERSID
        return this.push(host.persistent(this.pop()));
      case 0x50: // PERSID
        return this.push(host.persistent(input.line()));
      default:
        return false;
    }
  }
}
