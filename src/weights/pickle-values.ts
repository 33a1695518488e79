import type { DType } from './types.ts';

/**
 * What a pickle can hold, as inert data. Nothing here is ever called: a Python class or function is only a
 * name (`Global`), and calling one that we do not know gives an `Opaque` that carries that name.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Sequence
  | Dict
  | Global
  | Opaque
  | StorageRef
  | TensorRef;

/** A list, tuple or set. */
export interface Sequence {
  readonly kind: 'list' | 'tuple' | 'set';
  readonly items: Value[];
}

export interface Dict {
  readonly kind: 'dict';
  /** Primitive keys compare by value, others by identity; a Map knows no prototype to pollute. */
  readonly entries: Map<Value, Value>;
}

export interface Global {
  readonly kind: 'global';
  /** "module.name". */
  readonly path: string;
}

/** An object that was left out; `path` is the class or function that would have made it. */
export interface Opaque {
  readonly kind: 'opaque';
  readonly path: string;
}

/** A run of values elsewhere in the file. */
export interface StorageRef {
  readonly kind: 'storage';
  readonly key: string;
  /** Undefined for types that we do not read (complex, quantised). */
  readonly dtype: DType | undefined;
  /** "torch.FloatStorage". */
  readonly type: string;
  /** Its length in elements of `dtype`. */
  readonly elements: number;
  /** Where it starts in the run `key`, in elements: not 0 only in old legacy files. */
  readonly start: number;
}

export interface TensorRef {
  readonly kind: 'tensor';
  readonly storage: StorageRef;
  readonly dtype: DType;
  /** Elements from the start of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** What torch does to the values when it reads them, where it has put that off: "neg" or "conj". */
  readonly pending: string | undefined;
}

/** The kind of a value, or undefined for primitives. */
export function kindOf(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}

export function isTuple(value: Value | undefined): value is Sequence {
  return kindOf(value) === 'tuple';
}
export function isSequence(value: Value | undefined): value is Sequence {
  const kind = kindOf(value);
  return kind === 'tuple' || kind === 'list' || kind === 'set';
}
export function isDict(value: Value | undefined): value is Dict {
  return kindOf(value) === 'dict';
}
export function isGlobal(value: Value | undefined): value is Global {
  return kindOf(value) === 'global';
}
export function isOpaque(value: Value | undefined): value is Opaque {
  return kindOf(value) === 'opaque';
}
export function isStorage(value: Value | undefined): value is StorageRef {
  return kindOf(value) === 'storage';
}
export function isTensor(value: Value | undefined): value is TensorRef {
  return kindOf(value) === 'tensor';
}
