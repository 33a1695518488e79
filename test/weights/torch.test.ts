import { expect, test } from 'vitest';
import { CheckpointError, shown } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/weights/open.ts';
import { cpuMillis } from './fixtures.ts';
import {
  call,
  dict,
  floats,
  int,
  list,
  makeTorchZip,
  name,
  pickle,
  str,
  tensor,
  tuple,
} from './make-checkpoint.ts';

const weight = tensor('0', [2, 3], [3, 1], 6);
const storages = { 0: floats(1, 2, 3, 4, 5, 6) };

test('a hostile object beside the tensors is left out, named in a warning and never called', async () => {
  const hostile = call(name('posix', 'system'), str('touch /tmp/owned'));
  const data = pickle(
    dict({ state_dict: dict({ w: weight }), hyper_parameters: dict({ x: list(hostile) }) }),
  );
  const checkpoint = await openCheckpoint(makeTorchZip(data, storages), { name: 'mixed.ckpt' });
  expect([...checkpoint.tensors.keys()]).toEqual(['state_dict.w']);
  expect(checkpoint.warnings).toEqual([
    'mixed.ckpt also names Python objects that were left out, not executed: posix.system (hyper_parameters.x.0: posix.system).',
  ]);
  expect([...((await checkpoint.tensors.get('state_dict.w')?.readF32()) ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('what a warning quotes of a file is escaped and cut', async () => {
  const data = pickle(
    dict({ w: weight, [`\u001b]0;owned\u0007${'x'.repeat(2000)}`]: call(name('os', 'system')) }),
  );
  const { warnings } = await openCheckpoint(makeTorchZip(data, storages), { name: 'odd.pt' });
  expect(warnings[0]).toMatch(/ \(%1B\]0;owned%07x+\.\.\. os\.system\)\.$/);
  expect(warnings[0]?.length).toBeLessThan(400);
});

test('calling the result of a call, as gadget chains do, stays inert', async () => {
  const getattr = call(name('builtins', 'getattr'), name('os', 'path'), str('x'));
  const data = pickle(dict({ w: weight, chain: call(getattr, call(name('builtins', 'exec'), str('1'))) }));
  const { tensors, warnings } = await openCheckpoint(makeTorchZip(data, storages), { name: 'chain.pt' });
  expect([...tensors.keys()]).toEqual(['w']);
  expect(warnings[0]).toContain('builtins.getattr, os.path, builtins.exec');
});

test('a module pickled whole is refused with the class it names', async () => {
  const module = [...call(name('sam2.modeling', 'SAM2Base')), ...dict({ w: weight }), 0x62];
  await expect(openCheckpoint(makeTorchZip(pickle(module), storages), { name: 'm.pt' })).rejects.toThrow(
    /m\.pt: a checkpoint with tensors was expected, but it holds sam2\.modeling\.SAM2Base instead/,
  );
});

test('harmless values of a trainer make no warning', async () => {
  const extras = dict({
    order: call(name('collections', 'OrderedDict'), list(tuple(str('a'), int(1)))),
    set: call(name('builtins', 'set'), list(int(1))),
    size: call(name('torch', 'Size'), tuple(int(3))),
    device: call(name('torch', 'device'), str('cuda:0')),
    dtype: name('torch', 'bfloat16'),
    bytes: call(name('_codecs', 'encode'), str('x'), str('latin1')),
  });
  const blob = makeTorchZip(pickle(dict({ w: weight, extras })), storages);
  expect((await openCheckpoint(blob)).warnings).toEqual([]);
});

test('zip64 records are read', async () => {
  const blob = makeTorchZip(pickle(dict({ w: weight })), storages, { zip64: true });
  const { tensors } = await openCheckpoint(blob);
  expect([...((await tensors.get('w')?.readF32()) ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('an untyped storage takes its type from the tensor (rebuild_tensor_v3)', async () => {
  const storage = [
    ...tuple(str('storage'), name('torch', 'UntypedStorage'), str('0'), str('cpu'), int(24)),
    0x51,
  ];
  const v3 = call(
    name('torch._utils', '_rebuild_tensor_v3'),
    ...[storage, int(2), tuple(int(2)), tuple(int(1)), [0x89], [0x4e], name('torch', 'float32')],
  );
  const { tensors } = await openCheckpoint(makeTorchZip(pickle(dict({ w: v3 })), storages));
  expect([...((await tensors.get('w')?.readF32()) ?? [])]).toEqual([3, 4]);
});

test('a tensor that torch negates when it reads it is refused by its name', async () => {
  const storage = [
    ...tuple(str('storage'), name('torch', 'FloatStorage'), str('0'), str('cpu'), int(6)),
    0x51,
  ];
  const rebuilt = (bit: number) =>
    call(
      name('torch._utils', '_rebuild_tensor_v2'),
      ...[storage, int(0), tuple(int(2)), tuple(int(1)), [0x89], [0x4e], dict({ neg: [bit] })],
    );
  const open = (bit: number) =>
    openCheckpoint(makeTorchZip(pickle(dict({ w: rebuilt(bit) })), storages), { name: 'neg.pt' });
  await expect(open(0x88)).rejects.toThrow(
    /^neg\.pt: tensor "w" was saved with its neg put off, .* \.resolve_neg\(\)\.$/,
  );
  const { tensors } = await open(0x89);
  expect([...((await tensors.get('w')?.readF32()) ?? [])]).toEqual([1, 2]);
});

test('a tensor ends within the elements that its storage claims, whatever lies behind them', async () => {
  const blob = makeTorchZip(pickle(dict({ w: tensor('0', [6], [1], 2) })), storages);
  await expect(openCheckpoint(blob)).rejects.toThrow(/"w" of shape \[6\] ends at byte 24 .* has 8\./);
});

/** torch's stream of before 1.6 with one tensor of 4 values over storage 0, which has 6. */
function legacy(view: number[], offset = 0, protocol: number[] = [0x4d, 0xe9, 3]): Blob {
  const id = tuple(str('storage'), name('torch', 'FloatStorage'), str('0'), str('cpu'), int(6), view);
  const w = call(
    name('torch._utils', '_rebuild_tensor_v2'),
    ...[[...id, 0x51], int(offset), tuple(int(4)), tuple(int(1)), [0x89], [0x4e]],
  );
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const parts = [magic, protocol, dict({ little_endian: [0x88] }), dict({ w }), list(str('0'))];
  const count = Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0);
  return new Blob([...parts.map((part) => pickle(part)), count, floats(1, 2, 3, 4, 5, 6)]);
}

test('a view of a legacy storage is read within itself', async () => {
  const view = (start: number, length: number) => tuple(str('view'), int(start), int(length));
  const { tensors } = await openCheckpoint(legacy(view(2, 4)));
  expect([...((await tensors.get('w')?.readF32()) ?? [])]).toEqual([3, 4, 5, 6]);
  await expect(openCheckpoint(legacy(view(2, -1)))).rejects.toThrow(/a view of storage 0 leaves it/);
  await expect(openCheckpoint(legacy(view(3, 4)))).rejects.toThrow(/a view of storage 0 leaves it/);
  await expect(openCheckpoint(legacy(view(0, 3)))).rejects.toThrow(
    /"w" of shape \[4\] ends at byte 16 .* has 12/,
  );
  await expect(openCheckpoint(legacy(view(1, 4), 1))).rejects.toThrow(/ends at byte 24 .* has 20/);
});

test('a legacy protocol of another kind is called by it', async () => {
  await expect(openCheckpoint(legacy([0x4e], 0, dict({})))).rejects.toThrow(
    /legacy protocol is dict, expected/,
  );
});

test('a chain of rebuilds as deep as a file likes does not recurse', async () => {
  const depth = 20_000;
  // f(f, class, (f, class, (...))): f from memo 0, tuples that close one after the other.
  const open = Array(depth).fill([0x28, 0x68, 0, 0x4e]);
  const ops = [...name('torch._tensor', '_rebuild_from_type_v2'), 0x71, 0];
  ops.push(...open.flat(), 0x29, ...Array(depth).fill(0x74), 0x52);
  await expect(openCheckpoint(makeTorchZip(pickle(ops), storages))).rejects.toThrow(CheckpointError);
});

test('a flipped byte in a storage is found when its tensor is read', async () => {
  const blob = makeTorchZip(pickle(dict({ w: weight })), storages);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const at = bytes.findIndex((_, i) => bytes[i + 2] === 0x80 && bytes[i + 3] === 0x3f && i > 100);
  bytes[at] = 1;
  const { tensors } = await openCheckpoint(new Blob([bytes]), { name: 'flipped.pt' });
  await expect(tensors.get('w')?.read()).rejects.toThrow(/flipped\.pt: "archive\/data\/0" has CRC/);
});

/** A zip as it is written, with `from`, wherever it stands, made `to`. */
async function rewritten(from: string, to: string, count = Number.POSITIVE_INFINITY): Promise<Blob> {
  const bytes = Buffer.from(await makeTorchZip(pickle(dict({ w: weight })), storages).arrayBuffer());
  for (let at = bytes.indexOf(from), i = 0; at >= 0 && i < count; at = bytes.indexOf(from, at + 1), i++)
    bytes.write(to, at, 'latin1');
  return new Blob([bytes]);
}

test.each([
  ['a mark of UTF-8', '\u00ef\u00bb\u00bfarch'],
  ['bytes that are no UTF-8', '\u00ff\u00fe\u0080hive'],
])('the folder of a zip may start with %s', async (_, folder) => {
  const { tensors } = await openCheckpoint(await rewritten('archive', folder));
  expect([...((await tensors.get('w')?.readF32()) ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a file whose own header has another name than the directory, or that runs into it, is damaged', async () => {
  const { tensors } = await openCheckpoint(await rewritten('archive/data/0', 'archive/data/1', 1), {
    name: 'x.pt',
  });
  await expect(tensors.get('w')?.read()).rejects.toThrow(
    /^x\.pt: "archive\/data\/0" has no proper header of that name at byte \d+\./,
  );
  const bytes = Buffer.from(await makeTorchZip(pickle(dict({ w: weight })), storages).arrayBuffer());
  bytes.writeUInt16LE(1, bytes.indexOf('archive/data/0') - 2);
  const shifted = await openCheckpoint(new Blob([bytes]), { name: 'y.pt' });
  await expect(shifted.tensors.get('w')?.read()).rejects.toThrow(
    /^y\.pt: "archive\/data\/0" runs into the directory\./,
  );
});

test('views that repeat their elements beyond reason are refused, one or all together', async () => {
  const one = pickle(dict({ w: tensor('0', [4096, 8192], [0, 0], 6) }));
  await expect(openCheckpoint(makeTorchZip(one, storages), { name: 'one.pt' })).rejects.toThrow(
    /^one\.pt: tensor "w" of shape \[4096, 8192\] repeats its elements \(strides \[0, 0\]\); .* 134217724 bytes more/,
  );
  const views = (count: number) =>
    pickle(
      dict(
        Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`w${i}`, tensor('0', [1024, 2048], [0, 1], 2048)]),
        ),
      ),
    );
  const row = { 0: new Uint8Array(8192) };
  expect((await openCheckpoint(makeTorchZip(views(8), row))).tensors.size).toBe(8);
  await expect(openCheckpoint(makeTorchZip(views(9), row))).rejects.toThrow(/tensor "w8" .* bytes more/);
});

test('names that share one storage repeat nothing', async () => {
  const whole = tensor('0', [1 << 20], [1], 1 << 20);
  const aliases = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`w${i}`, whole]));
  const blob = makeTorchZip(pickle(dict(aliases)), { 0: new Uint8Array(4 << 20) });
  expect((await openCheckpoint(blob)).tensors.size).toBe(40);
});

test('a cancelled open or read rejects with the reason of the signal', async () => {
  const blob = makeTorchZip(pickle(dict({ w: weight })), storages);
  const reason = new DOMException('stop', 'AbortError');
  await expect(openCheckpoint(blob, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const { tensors } = await openCheckpoint(blob);
  await expect(tensors.get('w')?.read(AbortSignal.abort(reason))).rejects.toBe(reason);
});

const storageId = [
  ...tuple(str('storage'), name('torch', 'FloatStorage'), str('0'), str('cpu'), int(1)),
  0x51,
];
const repeat = (count: number, ...ops: number[]) =>
  Array.from({ length: count * ops.length }, (_, i) => ops[i % ops.length] ?? 0);
const u32 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24];
/** A text of a megabyte, which a pickle names again in two bytes. */
const long = [[0x58, ...u32(1 << 20)], repeat(1 << 20, 0x61)].flat();
/** Puts what was made into the memo, from which `GET` takes it. */
const kept = (at: number, ...made: number[][]) => [...made.flat(), 0x71, at, 0x30];
const GET = [0, 1, 2].map((at) => [0x68, at]);
const [first = [], second = [], third = []] = GET;
/** Calls the first of the memo with the second, again and again. */
const calls = (count: number) => repeat(count, ...first, ...second, 0x52, 0x30);
const listOf = (count: number, ...item: number[]) => [[0x5d, 0x28], repeat(count, ...item), [0x65]].flat();
const longKey = (count: number) => [[0x7d], long, listOf(count, ...first), [0x73]].flat();

const bombs: [string, number[]][] = [
  [
    'sides, copied for each tensor',
    [
      kept(0, name('torch._utils', '_rebuild_tensor_v2')),
      kept(2, listOf(200_000, 0x4b, 1)),
      kept(1, tuple(storageId, int(0), third, third)),
      calls(190_000),
    ].flat(),
  ],
  [
    'pairs, copied for each dict',
    [
      kept(0, name('collections', 'OrderedDict')),
      kept(1, listOf(100_000, 0x29), [0x85]),
      calls(200_000),
    ].flat(),
  ],
  ['letters in the name of each class', [kept(0, long), repeat(200_000, ...first, ...first, 0x93)].flat()],
  ['letters in the place of each object', [kept(0, call(name('os', 'system'))), longKey(190_000)].flat()],
  ['letters in the name of each tensor', [kept(0, weight), longKey(190_000)].flat()],
  ['numbers in each list', [kept(0, listOf(200_000, 0x4b, 1)), listOf(190_000, ...first)].flat()],
  ['marks', repeat(1_100_000, 0x28)],
  ['dicts', repeat(500_000, 0x7d)],
  ['copies', [0x4e, ...repeat(1_100_000, 0x32)]],
  ['memo entries', [0x4e, ...repeat(1_100_000, 0x94)]],
  ['lists within lists, popped', repeat(600_000, 0x5d, 0x30)],
  ['a list of itself', [0x5d, 0x71, 0, ...repeat(40, 0x68, 0, 0x61)]],
];
/** A leaf at the end of dicts within dicts, whose one key is the memo's first. */
const nested = (depth: number, leaf: number[]) =>
  [repeat(depth, 0x7d, ...first), leaf, repeat(depth, 0x73)].flat();

test('a key that is long and named again at each depth is quoted without being repeated', async () => {
  const words = `${'a'.repeat(199)} `.repeat(1000);
  const evil = call(name('os', 'system'));
  const left = [listOf(5, ...nested(46, evil)), [0x30], dict({ w: weight, x: nested(46, evil) })];
  const quoted = makeTorchZip(pickle([kept(0, str(words)), ...left].flat()), storages);
  const long = makeTorchZip(pickle([kept(0, str(words)), nested(47, weight)].flat()), storages);
  const start = cpuMillis();
  const { tensors, warnings } = await openCheckpoint(quoted, { name: 'x.pt' });
  await expect(openCheckpoint(long, { name: 'y.pt' })).rejects.toThrow(
    /^y\.pt: .* more than 65536 characters in the name of a tensor/,
  );
  expect(cpuMillis() - start).toBeLessThan(1500);
  expect([...tensors.keys()]).toEqual(['w']);
  expect(warnings[0]).toMatch(/^x\.pt also names Python objects .*: os\.system \(x\.a+/);
  expect(warnings[0]?.length).toBeLessThanOrEqual(2000);
});

test('what is said of a text ends soon, however long the text and its words are', () => {
  const start = cpuMillis();
  expect(shown('a'.repeat(1e8))).toBe(`${'a'.repeat(200)}...`);
  expect(shown(`${'a'.repeat(199)} `.repeat(5e5))).toHaveLength(2000);
  expect(cpuMillis() - start).toBeLessThan(1000);
});

test.each(bombs)('a pickle of millions of %s ends within a second', async (_, ops) => {
  const blob = makeTorchZip(pickle(ops));
  const start = cpuMillis();
  await expect(openCheckpoint(blob, { name: 'bomb.pt' })).rejects.toThrow(/^bomb\.pt: /);
  expect(cpuMillis() - start).toBeLessThan(1000);
});
