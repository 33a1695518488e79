/** Small runs of ops that show every term of their formulas, each with its definition in f64. */
import type { Graph, GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { add } from '../../src/ops/add.ts';
import { attention } from '../../src/ops/attention.ts';
import { attentionRelpos } from '../../src/ops/attention-relpos.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import { dotRows } from '../../src/ops/dot-rows.ts';
import { layernorm } from '../../src/ops/layernorm.ts';
import { maskDot } from '../../src/ops/mask-dot.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { maxPool2x2 } from '../../src/ops/max-pool2x2.ts';
import { resizeBilinear } from '../../src/ops/resize-bilinear.ts';
import { upscaleNormGelu } from '../../src/ops/upscale-norm-gelu.ts';
import { randomValues, sumTolerance, type Tolerance } from '../close.ts';
import { attend } from '../ops/attention-definition.ts';
import { at, everywhere, gelu, normalise, shuffled } from '../ops/definitions.ts';
import { attendWindows } from '../ops/window-definition.ts';
import type { Feed } from '../run-graph.ts';

export interface Case {
  readonly traits: Partial<GraphTraits>;
  readonly build: (g: Graph, feed: Feed) => Tensor;
  readonly expected: () => readonly number[];
  readonly tolerance: Tolerance;
}

const [TILE, QUAD] = [
  { cpu: false, subgroups: false },
  { cpu: true, subgroups: true },
];
const range = (length: number) => Array.from({ length }, (_, i) => i);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const scaled = (length: number, seed: number, by: number) => randomValues(length, seed).map((v) => v * by);

/** gelu(x w + b) + r, with a residual of half as many rows. */
function product(traits: GraphTraits): Case {
  const [rows, inner, cols] = [18, 12, 36];
  const [x, w] = [randomValues(rows * inner, 1), randomValues(inner * cols, 2)];
  const [b, r] = [randomValues(cols, 3), randomValues((rows / 2) * cols, 4)];
  return {
    traits,
    build: (g, feed) =>
      matmul(g, feed('x', [rows, inner], x), feed('w', [inner, cols], w), {
        bias: feed('b', [cols], b),
        activation: 'gelu',
        residual: feed('r', [rows / 2, cols], r),
      }),
    expected: () =>
      range(rows * cols).map((i) => {
        const [row, col] = [Math.floor(i / cols), i % cols];
        const dot = sum(range(inner).map((k) => at(x, row * inner + k) * at(w, k * cols + col)));
        return gelu(dot + at(b, col)) + at(r, i % r.length);
      }),
    tolerance: sumTolerance(inner, 2),
  };
}

/** Some queries over more keys than a tile has, of which later ones weigh more, with a head longer than 16 channels. */
function longer(variant: string): Case {
  const [queries, keys, heads, headDim] = [5, 300, 2, 24];
  const dim = heads * headDim;
  const q = scaled(queries * dim, 1, 2);
  const k = randomValues(keys * dim, 2).map((x, i) => x * (1 + Math.floor(i / dim) / keys));
  const v = randomValues(keys * dim, 3);
  const whole = (length: number) => ({ map: [1, length], window: [1, length] }) as const;
  const rows = (values: Float32Array) => ({ values, stride: dim, start: 0 });
  return {
    traits: { ...TILE, tuned: everywhere(variant) },
    build: (g, feed) => {
      const part = (name: string, length: number, values: Float32Array) => ({
        tensor: feed(name, [length, dim], values),
        start: 0,
      });
      return attention(g, part('q', queries, q), part('k', keys, k), part('v', keys, v), { heads, headDim });
    },
    expected: () => [
      ...attend(rows(q), rows(k), rows(v), { query: whole(queries), key: whole(keys), heads, headDim }),
    ],
    tolerance: {
      ...sumTolerance(300, 2),
      why: 'dot products of 24 terms, weights by exp2, sums over 300 keys',
    },
  };
}

/** Windows of 3 on a map of 7 x 5: the last ones stick out, their padding tokens are keys too, and 9 is no multiple of 4. */
function windowed(traits: GraphTraits): Case {
  const [height, width, side, heads, dim] = [7, 5, 3, 2, 8];
  const cols = 3 * heads * dim;
  const [qkv, bias] = [scaled(height * width * cols, 1, 2), randomValues(cols, 2)];
  const map = { map: [height, width], window: [side, side] } as const;
  /** Token (y, x) of q, k or v (0, 1, 2): the bias where there is no such token. */
  const token = (which: number, head: number, y: number, x: number) =>
    range(dim).map((c) => {
      const col = (which * heads + head) * dim + c;
      return y < height && x < width ? at(qkv, (y * width + x) * cols + col) : at(bias, col);
    });
  const answer = (i: number) => {
    const [head, y, x] = [i % heads, Math.floor(i / heads / width), Math.floor(i / heads) % width];
    const places = range(side * side).map(
      (u) => [y - (y % side) + Math.floor(u / side), x - (x % side) + (u % side)] as const,
    );
    const q = token(0, head, y, x);
    const scores = places.map(
      ([ky, kx]) => sum(token(1, head, ky, kx).map((k, c) => k * at(q, c))) / Math.sqrt(dim),
    );
    const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const values = places.map(([ky, kx]) => token(2, head, ky, kx));
    return range(dim).map((c) => sum(values.map((v, u) => at(v, c) * at(weights, u))) / sum(weights));
  };
  return {
    traits,
    build: (g, feed) => {
      const tensor = feed('qkv', [height, width, cols], qkv);
      const part = (which: number) => ({ tensor, start: which * heads * dim });
      const windows = { query: map, key: map };
      const options = { heads, headDim: dim, windows, pad: feed('bias', [cols], bias) };
      return attention(g, part(0), part(1), part(2), options);
    },
    expected: () => range(height * width * heads).flatMap(answer),
    tolerance: sumTolerance(300, 2),
  };
}

/** Relative positions in windows that stick out, and are as wide as no whole vec4. */
function positioned(): Case {
  const each = { map: [7, 8], window: [4, 5], heads: 2, headDim: 8 } as const;
  const dim = each.heads * each.headDim;
  const [qkv, bias] = [scaled(56 * 3 * dim, 1, 2), randomValues(3 * dim, 2)];
  const [relH, relW] = [randomValues(7 * each.headDim, 3), randomValues(9 * each.headDim, 4)];
  const term = (query: readonly number[], table: Float32Array, row: number) =>
    sum(query.map((value, c) => value * at(table, row * each.headDim + c)));
  return {
    traits: TILE,
    build: (g, feed) => {
      const tensor = feed('qkv', [7, 8, 3 * dim], qkv);
      const part = (start: number) => ({ tensor, start });
      return attentionRelpos(g, part(0), part(dim), part(2 * dim), {
        ...each,
        pad: { tensor: feed('bias', [3 * dim], bias), k: dim, v: 2 * dim },
        relH: feed('rel_h', [7, each.headDim], relH),
        relW: feed('rel_w', [9, each.headDim], relW),
      });
    },
    expected: () =>
      attendWindows(
        qkv,
        bias,
        each,
        (_, query, dy, dx) => term(query, relH, dy + 3) + term(query, relW, dx + 4),
      ),
    tolerance: sumTolerance(300, 4),
  };
}

/** A 3 x 3 convolution of stride 2 with padding, on a map that is not square. */
function convolution(traits: GraphTraits): Case {
  const [height, width, channels, cols, stride, padding] = [7, 9, 8, 36, 2, 1];
  const [x, w] = [randomValues(height * width * channels, 1), randomValues(9 * channels * cols, 2)];
  const [outHeight, outWidth] = [4, 5];
  return {
    traits,
    build: (g, feed) =>
      conv2d(g, feed('x', [height, width, channels], x), feed('w', [3, 3, channels, cols], w), {
        stride,
        padding,
      }),
    expected: () =>
      range(outHeight * outWidth * cols).map((i) => {
        const [col, ox, oy] = [i % cols, Math.floor(i / cols) % outWidth, Math.floor(i / cols / outWidth)];
        return sum(
          range(9 * channels).map((k) => {
            const [c, tap] = [k % channels, Math.floor(k / channels)];
            const [y, q] = [oy * stride + Math.floor(tap / 3) - padding, ox * stride + (tap % 3) - padding];
            const inside = y >= 0 && y < height && q >= 0 && q < width;
            return inside ? at(x, (y * width + q) * channels + c) * at(w, k * cols + col) : 0;
          }),
        );
      }),
    tolerance: sumTolerance(9 * channels, 3),
  };
}

/** Rows far from a mean of 0, and an eps that shows. */
function norm(traits: GraphTraits): Case {
  const [rows, cols, eps] = [5, 264, 0.1];
  const x = randomValues(rows * cols, 1).map((v) => v + 3);
  const [w, b] = [randomValues(cols, 2), randomValues(cols, 3)];
  return {
    traits,
    build: (g, feed) =>
      layernorm(g, feed('x', [rows, cols], x), feed('w', [cols], w), feed('b', [cols], b), { eps }),
    expected: () =>
      range(rows).flatMap((row) => normalise([...x.subarray(row * cols, (row + 1) * cols)], w, b, eps)),
    tolerance: { rtol: 2 ** -20, atol: 4e-6, why: 'as in test/ops/layernorm.test.ts' },
  };
}

const [H, W, C, MASKS] = [3, 5, 8, 3];
const [shuffledX, skip, hyper] = [
  randomValues(4 * H * W * C, 1),
  randomValues(4 * H * W * C, 2),
  randomValues(MASKS * C, 3),
];
/** The pixels of the upscaled map with the skip added. */
const upscaled = () =>
  shuffled(shuffledX, H, W, C).map((pixel, p) => pixel.map((v, c) => v + at(skip, p * C + c)));

const pixels = randomValues(6 * 10 * C, 1);
const [rowsX, rowsW, rowsB] = [randomValues(70 * 12, 1), randomValues(12, 2), randomValues(1, 3)];
const [addA, addB] = [randomValues(12 * 8, 1), randomValues(3 * 8, 2)];
const small = randomValues(4 * 5, 1);
const exact: Tolerance = { rtol: 2 ** -22, atol: 0, why: 'one rounding' };

export const CASES = {
  matmul: product(TILE),
  matmulQuad: product({ ...QUAD, tuned: everywhere('quad') }),
  matmulStationary: product({ ...QUAD, tuned: everywhere('stationary') }),
  attention: windowed({ ...TILE, tuned: everywhere('lane') }),
  attentionTileWindows: windowed(TILE),
  attentionTile: longer('tile 8'),
  attentionMerge: longer('tile 8 split'),
  attentionQuad: windowed(QUAD),
  attentionRelposTile: positioned(),
  conv2d: convolution(TILE),
  conv2dQuad: convolution({ ...QUAD, tuned: everywhere('quad') }),
  conv2dStationary: convolution({ ...QUAD, tuned: everywhere('stationary') }),
  layernorm: norm(TILE),
  layernormSerial: norm(QUAD),
  upscaleNormGelu: {
    traits: TILE,
    build: (g, feed) =>
      upscaleNormGelu(
        g,
        feed('x', [H, W, 4 * C], shuffledX),
        feed('skip', [2 * H, 2 * W, C], skip),
        feed('weight', [C], hyper.slice(0, C)),
        feed('bias', [C], hyper.slice(C, 2 * C)),
        { eps: 1e-6 },
      ),
    expected: () =>
      upscaled().flatMap((pixel) =>
        normalise(pixel, hyper.slice(0, C), hyper.slice(C, 2 * C), 1e-6).map(gelu),
      ),
    tolerance: { rtol: 2 ** -20, atol: 4e-6, why: 'as in test/ops/upscale-norm-gelu.test.ts' },
  },
  maskDot: {
    traits: TILE,
    build: (g, feed) =>
      maskDot(
        g,
        feed('x', [H, W, 4 * C], shuffledX),
        feed('skip', [2 * H, 2 * W, C], skip),
        feed('hyper', [MASKS, C], hyper),
      ),
    expected: () =>
      range(MASKS).flatMap((m) =>
        upscaled().map((pixel) => sum(pixel.map((v, c) => gelu(v) * at(hyper, m * C + c)))),
      ),
    tolerance: sumTolerance(C, 2),
  },
  maxPool2x2: {
    traits: TILE,
    build: (g, feed) => maxPool2x2(g, feed('x', [6, 10, C], pixels)),
    expected: () =>
      range(3 * 5 * C).map((i) => {
        const [c, x, y] = [i % C, Math.floor(i / C) % 5, Math.floor(i / C / 5)];
        return Math.max(
          ...range(4).map((d) => at(pixels, ((2 * y + (d >> 1)) * 10 + 2 * x + (d & 1)) * C + c)),
        );
      }),
    tolerance: exact,
  },
  dotRows: {
    traits: TILE,
    build: (g, feed) => dotRows(g, feed('x', [70, 12], rowsX), feed('w', [12], rowsW), feed('b', [1], rowsB)),
    expected: () =>
      range(70).map(
        (row) => sum(range(12).map((k) => at(rowsX, row * 12 + k) * at(rowsW, k))) + at(rowsB, 0),
      ),
    tolerance: sumTolerance(12),
  },
  add: {
    traits: TILE,
    build: (g, feed) => add(g, feed('a', [12, 8], addA), feed('b', [3, 8], addB)),
    expected: () => [...addA].map((v, i) => v + at(addB, i % addB.length)),
    tolerance: { ...exact, atol: 2 ** -24 },
  },
  resizeBilinear: {
    traits: TILE,
    build: (g, feed) => resizeBilinear(g, feed('x', [4, 5], small), [7, 11]),
    expected: () => {
      const tap = (i: number, length: number, out: number) => {
        const place = Math.min(Math.max(((i + 0.5) * length) / out - 0.5, 0), length - 1);
        return [Math.floor(place), Math.min(Math.floor(place) + 1, length - 1), place % 1] as const;
      };
      return range(77).map((i) => {
        const [[y0, y1, v], [x0, x1, u]] = [tap(Math.floor(i / 11), 4, 7), tap(i % 11, 5, 11)];
        const along = (y: number) => at(small, y * 5 + x0) * (1 - u) + at(small, y * 5 + x1) * u;
        return along(y0) * (1 - v) + along(y1) * v;
      });
    },
    tolerance: sumTolerance(4),
  },
} satisfies Record<string, Case>;

export type CaseName = keyof typeof CASES;
