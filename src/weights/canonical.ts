import type { Recipe } from './description.ts';
import { shapeText } from './dtypes.ts';
import { canonicalName, type Root } from './keys.ts';
import { outputAxis } from './quantise.ts';
import type { DType, TensorInfo } from './types.ts';

/** A tensor under its canonical name, before its shape has been judged. */
export interface Candidate extends TensorInfo {
  readonly recipe: Recipe;
  /** The key that a message should name. */
  readonly key: string;
}

export interface Canonical {
  readonly candidates: Map<string, Candidate>;
  readonly dropped: string[];
}

const ADAPTER = /^image_encoder\.adapters\.(\d+)\.adapters\.([02])\.(weight|bias)$/;

/**
 * Renames a file's tensors; what has no place in a model is dropped, what is unknown keeps its name. A second tensor of
 * one name is extra: nothing says which of the two counts.
 */
export function canonicalise(tensors: ReadonlyMap<string, TensorInfo>, root: Root): Canonical {
  const candidates = new Map<string, Candidate>();
  const dropped: string[] = [];
  for (const [key, { dtype, shape }] of tensors) {
    const name = nameOf(key, root);
    const candidate = { dtype, shape, recipe: { kind: 'copy', from: key }, key } as const;
    const other = candidates.get(name ?? '');
    if (name === undefined) dropped.push(key);
    else if (other) candidates.set(`${key} again`, { ...candidate, key: `${key}, which is ${other.key}` });
    else candidates.set(name, candidate);
  }
  applyScales(candidates);
  foldBatchNorms(candidates);
  placeAdapters(candidates);
  return { candidates, dropped };
}

function nameOf(key: string, root: Root): string | undefined {
  if (root.queries !== undefined && key.startsWith(root.queries))
    return `queries.${key.slice(root.queries.length)}`;
  return key.startsWith(root.prefix) ? canonicalName(key.slice(root.prefix.length)) : undefined;
}

/** I8 tensors are read with the scale beside them, which stays listed until `compare` has judged it. */
function applyScales(candidates: Map<string, Candidate>): void {
  for (const [name, candidate] of candidates) {
    const scale = candidates.get(`${name}.scale`);
    if (candidate.dtype === 'I8' && scale)
      candidates.set(name, {
        ...candidate,
        recipe: { kind: 'scaled', from: candidate.key, scale: scale.key },
      });
  }
}

/** `x.c.weight` and `x.bn.*` become `x.weight` and `x.bias`. A group that is incomplete, or beside these, stays and is reported as extra. */
function foldBatchNorms(candidates: Map<string, Candidate>): void {
  for (const [name, conv] of [...candidates]) {
    if (!name.endsWith('.c.weight') || conv.recipe.kind !== 'copy') continue;
    const prefix = name.slice(0, -'.c.weight'.length);
    const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => `${prefix}.bn.${part}`);
    const [outputs = 0] = conv.shape;
    const fits = (part: string) => {
      const shape = candidates.get(part)?.shape;
      return shape?.length === 1 && shape[0] === outputs;
    };
    const gamma = candidates.get(parts[0] ?? '');
    const isTaken = ['weight', 'bias'].some((part) => candidates.has(`${prefix}.${part}`));
    if (isTaken || !parts.every(fits) || gamma?.recipe.kind !== 'copy') continue;
    const norm = gamma.recipe.from.slice(0, -'weight'.length);
    for (const part of [name, ...parts]) candidates.delete(part);
    const recipe: Recipe = { kind: 'fold-weight', conv: conv.recipe.from, norm };
    candidates.set(`${prefix}.weight`, { ...conv, recipe });
    candidates.set(`${prefix}.bias`, { ...gamma, recipe: { kind: 'fold-bias', norm } });
  }
}

/** Adapter i of the file's list becomes `<block>.adapter.lin1|lin2`, beside the block that it feeds. */
function placeAdapters(candidates: Map<string, Candidate>): void {
  const found = [...candidates].flatMap(([name, candidate]) => {
    const match = ADAPTER.exec(name);
    return match ? [{ name, candidate, index: Number(match[1]), layer: match[2], part: match[3] }] : [];
  });
  // Of half a million blocks a file can name, only those of a model that has adapters are put in order.
  const blocks = found.length > 0 ? adaptedBlocks(candidates) : [];
  for (const { name, candidate, index, layer, part } of found) {
    const block = blocks[index];
    const own = `${block}.adapter.lin${layer === '0' ? 1 : 2}.${part}`;
    // One that has no place, or whose place is taken, stays and is reported as extra.
    if (block === undefined || candidates.has(own)) continue;
    candidates.delete(name);
    candidates.set(own, candidate);
  }
}

/** The blocks that adapters stand before, in order: all of Hiera's, a ViT's last five, TinyViT's but layer 0's. */
export function adaptedBlocks(candidates: ReadonlyMap<string, unknown>): string[] {
  const found = new Set<string>();
  for (const name of candidates.keys()) {
    const block = /^(image_encoder\.(?:trunk\.)?(?:layers\.[1-9]\.)?blocks\.\d+)\./.exec(name)?.[1];
    if (block !== undefined) found.add(block);
  }
  const blocks = [...found];
  const numbers = (block: string) => block.match(/\d+/g)?.map(Number) ?? [];
  const compare = (a: string, b: string) => {
    const [m, n] = [numbers(a), numbers(b)];
    return (m[0] ?? 0) - (n[0] ?? 0) || (m[1] ?? 0) - (n[1] ?? 0);
  };
  blocks.sort(compare);
  return blocks[0]?.startsWith('image_encoder.blocks.') ? blocks.slice(-5) : blocks;
}

export interface Mismatch {
  readonly missing: string[];
  readonly extra: string[];
  readonly wrong: string[];
}

const FLOATS: ReadonlySet<DType> = new Set(['F64', 'F32', 'F16', 'BF16']);

/** Compares what a file has with what a model needs. */
export function compare(
  candidates: ReadonlyMap<string, Candidate>,
  expected: ReadonlyMap<string, readonly number[]>,
): Mismatch {
  const mismatch: Mismatch = { missing: [], extra: [], wrong: [] };
  for (const [name, shape] of expected) {
    const found = candidates.get(name);
    if (!found) mismatch.missing.push(name);
    else if (found.shape.join() !== shape.join()) {
      mismatch.wrong.push(`${found.key} is ${shapeText(found.shape)}, expected ${shapeText(shape)}`);
    } else if (found.dtype === 'I8') {
      const scale = candidates.get(`${name}.scale`);
      const { channels } = outputAxis(name, shape);
      if (!scale) mismatch.missing.push(`${found.key}.scale`);
      else if (scale.dtype !== 'F32' || scale.shape.join() !== `${channels}`)
        mismatch.wrong.push(
          `${scale.key} is ${scale.dtype} ${shapeText(scale.shape)}, expected F32 [${channels}]`,
        );
    } else if (!FLOATS.has(found.dtype)) {
      mismatch.wrong.push(`${found.key} is ${found.dtype}, expected a float type`);
    }
  }
  for (const [name, { key }] of candidates) {
    const scaled = name.endsWith('.scale') ? name.slice(0, -'.scale'.length) : undefined;
    const isScale = scaled !== undefined && expected.has(scaled) && candidates.get(scaled)?.dtype === 'I8';
    if (!expected.has(name) && !isScale) mismatch.extra.push(key);
  }
  return mismatch;
}
