import { CheckpointError } from '../errors.ts';
import { MAX_RANK } from './dtypes.ts';
import { MAX_OBJECTS, type PickleHost } from './pickle.ts';
import {
  type Dict,
  isDict,
  isGlobal,
  isSequence,
  isStorage,
  isTensor,
  isTuple,
  type StorageRef,
  type TensorRef,
  type Value,
} from './pickle-values.ts';
import type { DType } from './types.ts';

/** torch's storage classes by the type of their elements. */
const storageTypes: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['DoubleStorage', 'F64'],
  ['FloatStorage', 'F32'],
  ['HalfStorage', 'F16'],
  ['BFloat16Storage', 'BF16'],
  ['LongStorage', 'I64'],
  ['IntStorage', 'I32'],
  ['ShortStorage', 'I16'],
  ['CharStorage', 'I8'],
  ['ByteStorage', 'U8'],
  ['BoolStorage', 'BOOL'],
  ['UntypedStorage', 'U8'],
]);

/** torch's dtypes, which name the element type of a tensor over an untyped storage. */
const torchTypes: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['torch.float64', 'F64'],
  ['torch.float32', 'F32'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.int64', 'I64'],
  ['torch.int32', 'I32'],
  ['torch.int16', 'I16'],
  ['torch.int8', 'I8'],
  ['torch.uint64', 'U64'],
  ['torch.uint32', 'U32'],
  ['torch.uint16', 'U16'],
  ['torch.uint8', 'U8'],
  ['torch.bool', 'BOOL'],
]);

const STORAGE = /^torch(?:\.cuda|\.storage)?\.([A-Za-z0-9]+Storage)$/;
/** Names that may stand in a checkpoint without a warning; they are plain values or harmless marks. */
const QUIET =
  /^(?:(?:builtins|__builtin__)\.(?:set|frozenset|list|tuple|int|float|str|bool|complex|bytearray|slice|range)|_codecs\.encode|torch\.(?:device|layout|strided|contiguous_format|[a-z]+\d+|bool))$/;

const isDictClass = (path: string) =>
  /^collections\.(?:OrderedDict|defaultdict|Counter)$|^(?:builtins|__builtin__)\.dict$/.test(path);

/** Turns the names in a torch pickle into tensors and dicts, and everything else into inert placeholders. */
export class TorchObjects implements PickleHost {
  readonly file: string;
  /** Classes and functions that the file names and that were left out, in order of appearance. */
  readonly refused = new Set<string>();
  readonly storages = new Map<string, StorageRef>();
  /** Entries of dicts that were made from lists of pairs. */
  #pairs = 0;

  constructor(file: string) {
    this.file = file;
  }

  #bad(what: string): CheckpointError {
    return new CheckpointError(
      `${this.file}: ${what}. The file is damaged or was made by hand; export it again with torch.save.`,
    );
  }

  global(module: string, name: string): Value {
    const path = `${module}.${name}`;
    const known = isDictClass(path) || path === 'torch.Size' || STORAGE.test(path) || rebuilders.has(path);
    if (!known && !QUIET.test(path)) this.refused.add(path.slice(0, 120));
    return { kind: 'global', path };
  }

  call(callee: Value, args: readonly Value[]): Value {
    const path = isGlobal(callee) ? callee.path : 'an object';
    if (isDictClass(path)) return this.#dict(args);
    const items = isSequence(args[0]) ? args[0].items : [];
    if (path === 'torch.Size') return { kind: 'tuple', items };
    const rebuild = rebuilders.get(path);
    if (rebuild) return rebuild(this, args);
    return { kind: 'opaque', path: path.slice(0, 120) };
  }

  /** ('storage', class, key, location, elements[, (view key, offset, elements)]). */
  persistent(id: Value): Value {
    if (!isTuple(id)) throw this.#bad('a storage has no proper id');
    const [tag, type, key, , elements, view] = id.items;
    if (tag !== 'storage' || !isGlobal(type) || typeof key !== 'string' || typeof elements !== 'number') {
      throw this.#bad('a storage has no proper id');
    }
    if (!Number.isSafeInteger(elements) || elements < 0) {
      throw this.#bad(`storage ${key} claims ${elements} elements`);
    }
    const dtype = storageTypes.get(STORAGE.exec(type.path)?.[1] ?? '');
    const root: StorageRef = { kind: 'storage', key, dtype, type: type.path, elements, start: 0 };
    const known = this.storages.get(key);
    if (known && known.dtype !== dtype) {
      throw this.#bad(`storage ${key} is ${known.type} in one place and ${root.type} in another`);
    }
    this.storages.set(key, root);
    if (!isTuple(view)) return root;
    const [, start, length] = view.items;
    if (
      typeof start !== 'number' ||
      typeof length !== 'number' ||
      !(start >= 0) ||
      !(length >= 0) ||
      !(start + length <= elements)
    ) {
      throw this.#bad(`a view of storage ${key} leaves it`);
    }
    return { ...root, start, elements: length };
  }

  /** A tensor over `storage`; sizes and strides are judged where it is read. */
  tensor(args: readonly Value[], dtype?: DType): Value {
    const [storage, offset, size, stride] = args;
    if (!isStorage(storage)) throw this.#bad('a tensor has no storage');
    const type = dtype ?? storage.dtype;
    if (type === undefined) {
      this.refused.add(storage.type);
      return { kind: 'opaque', path: storage.type };
    }
    if (typeof offset !== 'number' || !isSequence(size) || !isSequence(stride)) {
      throw this.#bad(`a tensor over storage ${storage.key} lacks its offset, size or stride`);
    }
    // Before anything is copied.
    const sides = Math.max(size.items.length, stride.items.length);
    if (sides > MAX_RANK) throw this.#bad(`a tensor over storage ${storage.key} has ${sides} sides`);
    const numbers = (items: readonly Value[]) =>
      items.map((item) => (typeof item === 'number' ? item : Number.NaN));
    const [shape, strides] = [numbers(size.items), numbers(stride.items)];
    const metadata = args.at(-1);
    const isSet = (bit: string) => isDict(metadata) && metadata.entries.get(bit) === true;
    const pending = ['neg', 'conj'].find(isSet);
    const tensor: TensorRef = { kind: 'tensor', storage, dtype: type, offset, shape, strides, pending };
    return tensor;
  }

  /** dict(), or from pairs as Python 2's OrderedDict writes itself; a defaultdict's factory is ignored. */
  #dict(args: readonly Value[]): Dict {
    const dict: Dict = { kind: 'dict', entries: new Map() };
    const pairs = isSequence(args[0]) ? args[0].items : [];
    this.#pairs += pairs.length;
    if (this.#pairs > MAX_OBJECTS) throw this.#bad(`its dicts have more than ${MAX_OBJECTS} entries`);
    for (const pair of pairs)
      if (isSequence(pair)) dict.entries.set(pair.items[0] ?? null, pair.items[1] ?? null);
    return dict;
  }
}

type Rebuild = (objects: TorchObjects, args: readonly Value[]) => Value;

const first: Rebuild = (_, [tensor]) => (isTensor(tensor) ? tensor : { kind: 'opaque', path: 'a parameter' });

/** The functions of torch whose meaning we know; each is our own code, none is the file's. */
const rebuilders: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ['torch._utils._rebuild_tensor', (objects, args) => objects.tensor(args)],
  ['torch._utils._rebuild_tensor_v2', (objects, args) => objects.tensor(args)],
  [
    'torch._utils._rebuild_tensor_v3',
    (objects, args) => {
      const dtype = args[6];
      const type = isGlobal(dtype) ? torchTypes.get(dtype.path) : undefined;
      if (type) return objects.tensor(args, type);
      const path = isGlobal(dtype) ? dtype.path : 'a tensor without a type';
      objects.refused.add(path);
      return { kind: 'opaque', path };
    },
  ],
  ['torch._utils._rebuild_parameter', first],
  ['torch._utils._rebuild_parameter_with_state', first],
  [
    // (function, class, arguments, state): a tensor with attributes of its own
    'torch._tensor._rebuild_from_type_v2',
    (objects, [callee, , args]) => {
      // Once: a chain of them would recurse as deep as the file likes.
      const nested = isGlobal(callee) && callee.path === 'torch._tensor._rebuild_from_type_v2';
      return objects.call(nested ? null : (callee ?? null), isSequence(args) ? args.items : []);
    },
  ],
]);
