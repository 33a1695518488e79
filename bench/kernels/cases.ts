/** The shapes at which the models call each kernel. */
import type { Kernel } from '../../src/gpu/kernel.ts';
import { type Dispatch, Graph } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Activation } from '../../src/ops/activation.ts';
import { type AttentionOptions, attention } from '../../src/ops/attention.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { conv2dGrad } from '../../src/ops/conv2d-grad.ts';
import { layernorm } from '../../src/ops/layernorm.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { matmulGrad } from '../../src/ops/matmul-grad.ts';
import { rowClass } from '../../src/ops/variants.ts';
import { type Convolution, convolutionVersions } from './convolution-case.ts';
import { gradientVersions } from './gradient-case.ts';
import type { Ladder } from './ladder.ts';
import type { Recorder } from './recorder.ts';

export interface KernelCase {
  readonly op: 'matmul' | 'attention' | 'conv2d' | 'layernorm' | 'matmul_grad_w' | 'conv2d_grad_w';
  readonly name: string;
  /** By version: `now` is what the engine records on this device, `v0` where the ladder began. */
  readonly versions: Readonly<Record<string, Recorder>>;
  /** The matrix product that a convolution is held to. */
  readonly product?: { readonly name: string; readonly record: Recorder };
}

interface Product {
  readonly activation?: Activation;
  readonly residual?: boolean;
}

function product(
  ladder: Ladder,
  name: string,
  [rows, inner, cols]: readonly [number, number, number],
  { activation = 'none', residual = false }: Product = {},
): KernelCase {
  const inputs = (g: Graph) => ({
    x: g.external('x', [rows, inner]),
    w: g.external('w', [inner, cols]),
    bias: g.external('bias', [cols]),
    ...(residual ? { residual: g.external('residual', [rows, cols]) } : {}),
  });
  const now = (g: Graph) => {
    const { x, w, ...epilogue } = inputs(g);
    matmul(g, x, w, { ...epilogue, activation });
  };
  const v0 = (g: Graph) => {
    const { x, w, bias, residual: added = w } = inputs(g);
    const y = g.tensor('y', [rows, cols]);
    g.record(
      versionOf(ladder, 'matmul_v0'),
      { x, w, bias, residual: added, y },
      { rows, inner4: inner / 4, cols4: cols / 4, residual_rows: rows },
      {
        workgroups: [Math.ceil(cols / 32), Math.ceil(rows / 32), 1],
        tuning: {
          ACTIVATION: { none: 0, relu: 1, gelu: 2, sigmoid: 3 }[activation],
          BIAS: 1,
          RESIDUAL: residual ? 1 : 0,
        },
        flops: 2 * rows * inner * cols,
      },
    );
  };
  return { op: 'matmul', name: `${name} ${rows}x${inner}x${cols}`, versions: { now, v0 } };
}

interface Attended {
  readonly heads: number;
  readonly headDim: number;
  /** A square map with square windows, or two plain sequences. */
  readonly map?: readonly [side: number, window: number];
  /** Tokens along a side of the map that share a query. */
  readonly pooled?: number;
  readonly tokens?: readonly [queries: number, keys: number];
}

/** How an op is recorded with each other variant that it has on a GPU, by the variant's name. */
function othersOf(record: Recorder): Record<string, Recorder> {
  const g = new Graph('default', { subgroups: false, cpu: false, workgroupBytes: 32768 });
  record(g);
  const choice = g.finish().dispatches.find((dispatch) => dispatch.choice)?.choice;
  const { sizeClass = '', variants: [, ...others] = [] } = choice ?? {};
  const by = (variant: string) => (onto: Graph) => {
    const tuned = new Graph(variant, { ...onto.traits, tuned: { [sizeClass]: variant } });
    record(tuned);
    for (const each of tuned.finish().dispatches) again(onto, each);
  };
  return Object.fromEntries(others.map((variant) => [variant, by(variant)]));
}

function again(g: Graph, { kernel, operands, params, ...options }: Dispatch): void {
  const named = kernel.bindings.map(({ name }, i) => [name, operands[i]] as const);
  g.record(kernel, Object.fromEntries(named) as Record<string, Tensor>, params, options);
}

function attended(
  ladder: Ladder,
  cpu: boolean,
  name: string,
  { heads, headDim, map, tokens, pooled = 1 }: Attended,
): KernelCase {
  const dim = heads * headDim;
  const record = (g: Graph) => {
    const [queries, keys] = map ? [(map[0] / pooled) ** 2, map[0] ** 2] : (tokens ?? [1, 1]);
    const q = g.external('q', [queries, dim]);
    const kv = g.external('kv', [keys, 2 * dim]);
    const [side, window] = map ?? [0, 0];
    const squares = (by: number) =>
      ({ map: [side / by, side / by], window: [window / by, window / by] }) as const;
    const options: AttentionOptions = {
      heads,
      headDim,
      ...(map && {
        windows: { query: squares(pooled), key: squares(1) },
        pad: g.external('pad', [2 * dim]),
      }),
    };
    attention(g, { tensor: q, start: 0 }, { tensor: kv, start: 0 }, { tensor: kv, start: dim }, options);
  };
  const others = othersOf(record);
  // The operands and parameters never changed: version 0 takes what the op records for a lane a query.
  const v0 = (g: Graph) => {
    const now = new Graph('now', { subgroups: false, cpu: false });
    const { lane = record } = others;
    lane(now);
    for (const each of now.finish().dispatches)
      again(g, { ...each, kernel: versionOf(ladder, 'attention_v0') });
  };
  const shape = map
    ? `${pooled > 1 ? 'pooled ' : ''}${map[0]}x${map[0]} in ${map[1]}x${map[1]}`
    : `${tokens?.[0]} see ${tokens?.[1]}`;
  const versions = { now: record, ...(cpu ? {} : others), v0 };
  return { op: 'attention', name: `${name} ${shape}, ${heads} of ${headDim}`, versions };
}

/** SAM's attention with relative positions; a lane a query is its version 0. */
function positioned(
  cpu: boolean,
  name: string,
  { side, window, heads, headDim }: Record<'side' | 'window' | 'heads' | 'headDim', number>,
): KernelCase {
  const dim = heads * headDim;
  const record = (g: Graph) => {
    const tensor = g.external('qkv', [side, side, 3 * dim]);
    const part = (start: number) => ({ tensor, start });
    attentionRelpos(g, part(0), part(dim), part(2 * dim), {
      ...{ heads, headDim, map: [side, side], window: [window, window] },
      pad: { tensor: g.external('pad', [3 * dim]), k: dim, v: 2 * dim },
      relH: g.external('rel_h', [2 * window - 1, headDim]),
      relW: g.external('rel_w', [2 * window - 1, headDim]),
    });
  };
  const { lane: v0 = record, ...others } = othersOf(record);
  return {
    op: 'attention',
    name: `${name} ${side}x${side} in ${window}x${window}, ${heads} of ${headDim}, relative positions`,
    versions: { now: record, ...(cpu ? {} : { ...others, v0 }) },
  };
}

function convolved(ladder: Ladder, name: string, of: Convolution): KernelCase {
  const { side, channels, kernel, cols } = of;
  const { versions, product } = convolutionVersions(versionOf(ladder, 'conv2d_v0'), of);
  return {
    op: 'conv2d',
    name: `${name} ${kernel}x${kernel} ${side}x${side}x${channels} to ${cols}`,
    versions,
    product: { name: `${name}, as a product ${product.shape}`, record: product.record },
  };
}

function productGradient(name: string, size: readonly [number, number, number]): KernelCase {
  const [rows, inner, cols] = size;
  const versions = gradientVersions({
    weight: [inner, cols],
    record: (g, w) => matmul(g, g.external('x', [rows, inner]), w),
    derivative: matmulGrad,
    sizeClass: `matmul_grad_w ${rowClass(rows)}x${inner}x${cols}`,
  });
  return { op: 'matmul_grad_w', name: `${name} ${size.join('x')}`, versions };
}

function convolutionGradient(name: string, side: number, channels: number, cols: number): KernelCase {
  const versions = gradientVersions({
    weight: [3, 3, channels, cols],
    record: (g, w) => conv2d(g, g.external('x', [side, side, channels]), w, { stride: 1, padding: 1 }),
    derivative: conv2dGrad,
    sizeClass: `conv2d_grad_w ${rowClass(side ** 2)}x3x3x${channels}x${cols}`,
  });
  return { op: 'conv2d_grad_w', name: `${name} 3x3 ${side}x${side}x${channels} to ${cols}`, versions };
}

function normalised(name: string, [rows, cols]: readonly [number, number]): KernelCase {
  const now = (g: Graph) => {
    const [x, weight, bias] = [
      g.external('x', [rows, cols]),
      g.external('weight', [cols]),
      g.external('bias', [cols]),
    ];
    layernorm(g, x, weight, bias, { eps: 1e-6 });
  };
  return { op: 'layernorm', name: `${name} ${rows}x${cols}`, versions: { now } };
}

function versionOf(ladder: Ladder, name: string): Kernel {
  const kernel = ladder[name];
  if (!kernel) throw new Error(`bench/kernels has no ${name}.wgsl`);
  return kernel;
}

/** Hiera's, of a picture whose fourth channel is zero; the residual is the position embedding. */
const PATCHES = { channels: 4, kernel: 7, stride: 4, padding: 3, residual: true } as const;

/** The prompt predictor's, whose first layer has 256 channels and whose second has 64. */
const MASK_HEAD = { kernel: 3, stride: 1, padding: 1, cols: 64, activation: 'relu' } as const;

/**
 * @param large also what a software adapter computes for seconds
 * @param cpu without, the variants that a GPU has are versions too
 */
export function kernelCases(ladder: Ladder, large: boolean, cpu: boolean): KernelCase[] {
  const cases = [
    product(ladder, 'nano mlp, stage 1', [4096, 32, 128], { activation: 'gelu' }),
    product(ladder, 'nano mlp, stage 2', [1024, 256, 64], { residual: true }),
    product(ladder, 'nano qkv, stage 3', [256, 128, 384]),
    product(ladder, 'nano mlp, stage 3', [256, 128, 512], { activation: 'gelu' }),
    product(ladder, 'decoder keys', [256, 256, 128]),
    product(ladder, 'decoder tokens', [9, 256, 2048], { activation: 'relu' }),
    product(ladder, 'decoder tokens', [9, 2048, 256], { residual: true }),
    product(ladder, 'hypernetwork', [1, 256, 256], { activation: 'relu' }),
    product(ladder, 'decoder upscaling', [256, 256, 256]),
    attended(ladder, cpu, 'nano windows', { map: [64, 8], heads: 1, headDim: 32 }),
    attended(ladder, cpu, 'nano global', { tokens: [256, 256], heads: 4, headDim: 32 }),
    attended(ladder, cpu, 'tokens to image', { tokens: [9, 256], heads: 8, headDim: 16 }),
    attended(ladder, cpu, 'image to tokens', { tokens: [256, 9], heads: 8, headDim: 16 }),
    convolved(ladder, 'nano patches', { ...PATCHES, side: 256, cols: 32 }),
    convolved(ladder, 'mask head', { ...MASK_HEAD, side: 16, channels: 256 }),
    productGradient('decoder keys', [256, 256, 128]),
    productGradient('decoder tokens', [9, 256, 2048]),
    convolutionGradient('mask head', 16, 256, 64),
    normalised('nano, stage 1', [4096, 32]),
    normalised('nano, stage 3', [256, 128]),
  ];
  if (!large) return cases;
  return [
    ...cases,
    product(ladder, 'tiny qkv, stage 1', [65536, 96, 288]),
    product(ladder, 'tiny mlp, stage 3', [4096, 384, 1536], { activation: 'gelu' }),
    product(ladder, 'tiny mlp, stage 3', [4096, 1536, 384], { residual: true }),
    product(ladder, 'decoder keys, S = 1024', [4096, 256, 128]),
    attended(ladder, cpu, 'tiny windows', { map: [64, 14], heads: 4, headDim: 96 }),
    attended(ladder, cpu, 'tiny windows, stage 1', { map: [256, 8], heads: 1, headDim: 96 }),
    attended(ladder, cpu, 'tiny windows, stage 1 to 2', { map: [256, 8], heads: 2, headDim: 96, pooled: 2 }),
    attended(ladder, cpu, 'tiny windows, stage 2', { map: [128, 4], heads: 2, headDim: 96 }),
    attended(ladder, cpu, 'tiny windows, stage 2 to 3', { map: [128, 4], heads: 4, headDim: 96, pooled: 2 }),
    attended(ladder, cpu, 'tiny global', { tokens: [4096, 4096], heads: 4, headDim: 96 }),
    attended(ladder, cpu, 'tokens to image, S = 1024', { tokens: [9, 4096], heads: 8, headDim: 16 }),
    attended(ladder, cpu, 'image to tokens, S = 1024', { tokens: [4096, 9], heads: 8, headDim: 16 }),
    attended(ladder, cpu, 'large windows, stage 1', { map: [256, 8], heads: 2, headDim: 72 }),
    attended(ladder, cpu, 'large windows, stage 2', { map: [128, 4], heads: 4, headDim: 72 }),
    attended(ladder, cpu, 'large global', { tokens: [4096, 4096], heads: 8, headDim: 72 }),
    // A software adapter takes them a head or two at a time.
    ...(cpu
      ? []
      : [
          positioned(cpu, 'ViT-B windows', { side: 64, window: 14, heads: 12, headDim: 64 }),
          positioned(cpu, 'ViT-B global', { side: 64, window: 64, heads: 6, headDim: 64 }),
          positioned(cpu, 'ViT-H global', { side: 64, window: 64, heads: 4, headDim: 80 }),
        ]),
    productGradient('decoder keys, S = 1024', [4096, 256, 256]),
    convolutionGradient('mask head, S = 1024', 64, 256, 64),
    convolved(ladder, 'tiny patches', { ...PATCHES, side: 1024, cols: 96 }),
    convolved(ladder, 'mask head, S = 1024', { ...MASK_HEAD, side: 256, channels: 256 }),
    convolved(ladder, 'mask head, S = 1024', { ...MASK_HEAD, side: 256, channels: 64 }),
    normalised('tiny, stage 1', [65536, 96]),
  ];
}
