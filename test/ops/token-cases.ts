/** The ops that work on a few tokens against f64, around each edge of their tiles; runs in Node and in Deno. */
import type { GraphTraits } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { imageAttention } from '../../src/ops/image-attention.ts';
import { promptTokens } from '../../src/ops/prompt-tokens.ts';
import { tokenHeads } from '../../src/ops/token-heads.ts';
import { tokenMlp } from '../../src/ops/token-mlp.ts';
import { tokenProduct } from '../../src/ops/token-product.ts';
import { tokenSelfAttention } from '../../src/ops/token-self-attention.ts';
import { expectClose, randomValues } from '../close.ts';
import { runGraph } from '../run-graph.ts';
import { attend } from './attention-definition.ts';
import { at } from './definitions.ts';
import {
  chainTolerance,
  matrix,
  merged,
  norms,
  plus,
  type Rows,
  randomLook,
  relu,
  rowsOf,
  times,
} from './fused-definitions.ts';

type Traits = Partial<GraphTraits> & { readonly storage: NonNullable<GraphTraits['storage']> };
type Run = (gpu: GPU, traits: Traits) => Promise<void>;

const EPS = 1e-5;
const flat = (rows: Rows): Float64Array => Float64Array.from(rows.flat());

/** Own tokens above those of points of every kind. */
const prompts =
  (points: number): Run =>
  async (gpu, traits) => {
    const [ownRows, frequencies, imageSize] = [3, 8, 64];
    const own = randomValues(ownRows * 2 * frequencies, 1);
    const coords = randomValues(2 * points, 2).map((value) => 32 + 32 * value);
    const labels = Float32Array.from({ length: points }, (_, i) => [2, -1, 0, 3, 1][i % 5] ?? 1);
    const gaussian = randomValues(2 * frequencies, 3);
    const embeddings = randomValues(10 * frequencies, 4);
    const [y, sparse] = await runGraph(
      gpu,
      (g, feed) => {
        const { tokens, sparse } = promptTokens(
          g,
          feed('own', [ownRows, 2 * frequencies], own),
          {
            coords: feed('coords', [points, 2], coords),
            labels: feed('labels', [points], labels),
            gaussian: feed('gaussian', [2, frequencies], gaussian),
            labelEmbeddings: feed('embeddings', [5, 2 * frequencies], embeddings),
          },
          { imageSize },
        );
        return [tokens, sparse];
      },
      traits,
    );
    const expected = [...labels].flatMap((label, n) => {
      const place = (i: number) => (2 * (at(coords, 2 * n + i) + 0.5)) / imageSize - 1;
      return Array.from({ length: 2 * frequencies }, (_, c) => {
        const f = c % frequencies;
        const turns = place(0) * at(gaussian, f) + place(1) * at(gaussian, frequencies + f);
        const wave = (c < frequencies ? Math.sin : Math.cos)(2 * Math.PI * turns);
        return (label < 0 ? 0 : wave) + at(embeddings, (label + 1) * 2 * frequencies + c);
      });
    });
    const why = 'up to 2 turns, each rounded by 2 * 2^-24, times 2 pi';
    const tolerance = { rtol: 2 ** -20, atol: 2 ** -20, why };
    expectClose('sparse', sparse ?? [], expected, tolerance);
    expectClose('tokens', y ?? [], [...own, ...expected], tolerance);
  };

interface ProductCase {
  readonly addends: number;
  readonly norm: boolean;
  readonly placed: number;
  readonly channels?: number;
}

const product =
  (tokens: number, cols: number, { addends, norm, placed, channels = 32 }: ProductCase): Run =>
  async (gpu, traits) => {
    const [x, position] = [randomValues(addends * tokens * channels, 1), randomValues(tokens * channels, 2)];
    const vectors = randomValues(cols + (norm ? 2 * channels : 0), 3);
    let w: Float64Array = new Float64Array();
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [channels, cols], 4);
        w = made.values;
        const { x: sum, y } = tokenProduct(
          g,
          {
            addends: feed('x', addends > 1 ? [addends, tokens, channels] : [tokens, channels], x),
            w: made.tensor,
            vectors: feed('vectors', [vectors.length], vectors),
            ...(norm ? { eps: EPS } : {}),
            ...(placed > 0
              ? { placed: { position: feed('position', [tokens, channels], position), cols: placed } }
              : {}),
          },
          { name: 'y' },
        );
        return [sum, y];
      },
      traits,
    );
    const each = Array.from({ length: addends }, (_, s) =>
      rowsOf(x.subarray(s * tokens * channels, (s + 1) * tokens * channels), channels),
    );
    let sum = each.reduce((total, own) => plus(total, own));
    if (norm) sum = norms(sum, vectors.subarray(cols), vectors.subarray(cols + channels), EPS);
    const bare = times(sum, w, { stride: cols, cols });
    const moved = times(plus(sum, rowsOf(position, channels)), w, { stride: cols, cols });
    const chosen = bare.map((row, r) => row.map((v, c) => (c < placed ? (moved[r]?.[c] ?? Number.NaN) : v)));
    expectClose('x', results[0] ?? [], flat(sum), chainTolerance([addends, channels], 4));
    expectClose(
      'y',
      results[1] ?? [],
      flat(plus(chosen, vectors)),
      chainTolerance([addends, channels, channels], 4),
    );
  };

const selfAttention =
  (tokens: number, residual: boolean, channels = 32, heads = 2): Run =>
  async (gpu, traits) => {
    const [stride, half] = [4 * channels, channels / 2];
    const qkv = randomValues(tokens * stride, 1);
    const [own, position] = [randomValues(tokens * channels, 2), randomValues(tokens * channels, 3)];
    const vectors = randomValues(3.5 * channels, 4);
    const starts = { q: channels, k: 0, v: 3 * channels };
    let w: Float64Array = new Float64Array();
    const results = await runGraph(
      gpu,
      (g, feed) => {
        const made = matrix(g, 'w', [channels, channels + half], 5);
        w = made.values;
        const { x, y } = tokenSelfAttention(
          g,
          {
            qkv: { tensor: feed('qkv', [tokens, stride], qkv), ...starts },
            heads,
            ...(residual ? { residual: feed('residual', [tokens, channels], own) } : {}),
            position: feed('position', [tokens, channels], position),
            w: made.tensor,
            vectors: feed('vectors', [vectors.length], vectors),
            eps: EPS,
          },
          { name: 'y' },
        );
        return [x, y];
      },
      traits,
    );
    const part = (start: number) => ({ values: qkv, stride, start });
    const all = { map: [1, tokens], window: [1, tokens] } as const;
    const attended = attend(part(starts.q), part(starts.k), part(starts.v), {
      query: all,
      key: all,
      heads,
      headDim: channels / heads,
    });
    const cols = channels + half;
    let x = plus(times(rowsOf(attended, channels), w, { stride: cols, cols: channels }), vectors);
    if (residual) x = plus(x, rowsOf(own, channels));
    x = norms(x, vectors.subarray(cols), vectors.subarray(cols + channels), EPS);
    const y = plus(
      times(plus(x, rowsOf(position, channels)), w, { stride: cols, start: channels, cols: half }),
      vectors.subarray(channels),
    );
    expectClose('x', results[0] ?? [], flat(x), chainTolerance([channels, channels, channels], 4));
    expectClose('y', results[1] ?? [], flat(y), chainTolerance([channels, channels, channels, channels], 4));
  };

const look =
  (tokens: number, keys: number, heads = 2, headDim = 16): Run =>
  async (gpu, traits) => {
    const dim = heads * headDim;
    const [q, k, v] = [
      randomValues(tokens * (dim + 4), 1),
      randomValues(keys * 2 * dim, 2),
      randomValues(keys * dim, 3),
    ] as const;
    let chunks = 0;
    const [parts] = await runGraph(
      gpu,
      (g, feed) => {
        const columns = (tensor: Tensor, start: number) => ({ tensor, start });
        const { tensor } = imageAttention(
          g,
          columns(feed('q', [tokens, dim + 4], q), 4),
          columns(feed('k', [keys, 2 * dim], k), dim),
          columns(feed('v', [keys, dim], v), 0),
          { heads, headDim, name: 'look' },
        );
        chunks = tensor.shape[0] ?? 0;
        return tensor;
      },
      traits,
    );
    const whole = (length: number) => ({ map: [1, length], window: [1, length] }) as const;
    const expected = attend(
      { values: q, stride: dim + 4, start: 4 },
      { values: k, stride: 2 * dim, start: dim },
      { values: v, stride: dim, start: 0 },
      { query: whole(tokens), key: whole(keys), heads, headDim },
    );
    const actual = flat(merged(parts ?? [], [chunks, tokens, heads, headDim]));
    // Scores of up to 4, rounded by 4 sqrt(headDim) 2^-24 of it, weigh a key; then comes a sum over the keys.
    expectClose('look', actual, expected, chainTolerance([4 * headDim, keys], 1));
  };

/** Biases and norms as the kernels that merge a look take them. */
const mlp =
  (tokens: number, chunks: number, hidden: number, channels = 64): Run =>
  async (gpu, traits) => {
    const shape = [chunks, tokens, 2, 16] as const;
    const [parts, residual] = [randomLook(shape, 1), randomValues(tokens * channels, 2)];
    const vectors = randomValues(4 * channels + hidden, 3);
    let [w, w2]: Float64Array[] = [];
    let slices = 0;
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const [first, second] = [
          matrix(g, 'w', [channels, channels + hidden], 4),
          matrix(g, 'w2', [hidden, channels], 5),
        ];
        [w, w2] = [first.values, second.values];
        const tensor = feed('look', [chunks, tokens, 2, 20], parts);
        const sum = tokenMlp(
          g,
          {
            look: { tensor, tokens, heads: 2, headDim: 16 },
            residual: feed('residual', [tokens, channels], residual),
            w: first.tensor,
            w2: second.tensor,
            vectors: feed('vectors', [vectors.length], vectors),
            eps: EPS,
          },
          { name: 'y' },
        );
        slices = sum.shape[0] ?? 0;
        return sum;
      },
      traits,
    );
    const cols = channels + hidden;
    const out = times(merged(parts, shape), w ?? [], { stride: cols, cols: channels });
    const sum = plus(plus(out, vectors), rowsOf(residual, channels));
    const x = norms(sum, vectors.subarray(cols + channels), vectors.subarray(cols + 2 * channels), EPS);
    const inside = relu(
      plus(times(x, w ?? [], { stride: cols, start: channels, cols: hidden }), vectors.subarray(channels)),
    );
    const expected = plus(
      plus(times(inside, w2 ?? [], { stride: channels, cols: channels }), vectors.subarray(cols)),
      x,
    );
    const size = tokens * channels;
    const actual = Float64Array.from({ length: size }, (_, i) =>
      Array.from({ length: slices }, (_, s) => at(y ?? [], s * size + i)).reduce((a, b) => a + b, 0),
    );
    expectClose('y', actual, flat(expected), chainTolerance([chunks, 32, channels, channels, hidden], 4));
  };

interface HeadsCase {
  readonly score: 'none' | 'linear' | 'mlp';
  readonly sigmoid: boolean;
  readonly channels?: number;
}

const heads =
  (tokens: number, { score, sigmoid, channels = 32 }: HeadsCase): Run =>
  async (gpu, traits) => {
    const [chunks, masks, out] = [2, 4, channels / 8];
    const cols = 2 * channels + out;
    const shape = [chunks, tokens, 2, channels / 4] as const;
    const count = masks + (score === 'none' ? 1 : 2);
    const [parts, residual] = [randomLook(shape, 1), randomValues(tokens * channels, 2)];
    const vectors = randomValues(4 * channels + count * cols, 3);
    let [w, wOut]: Float64Array[] = [];
    const [y] = await runGraph(
      gpu,
      (g, feed) => {
        const mlps = score === 'mlp' ? count : masks + 1;
        const [all, first] = [
          matrix(g, 'heads', [mlps, channels, cols], 4),
          matrix(g, 'out', [channels / 2, channels], 5),
        ];
        [w, wOut] = [all.values, first.values];
        const tensor = feed('look', [chunks, tokens, 2, channels / 4 + 4], parts);
        return tokenHeads(
          g,
          {
            look: { tensor, tokens, heads: 2, headDim: channels / 4 },
            residual: feed('residual', [tokens, channels], residual),
            wOut: first.tensor,
            w: all.tensor,
            vectors: feed('vectors', [vectors.length], vectors),
            masks,
            score,
            sigmoid,
            eps: EPS,
          },
          { name: 'y' },
        );
      },
      traits,
    );
    const sum = plus(times(merged(parts, shape), wOut ?? [], { stride: channels, cols: channels }), vectors);
    const x = norms(
      plus(sum, rowsOf(residual, channels)),
      vectors.subarray(channels),
      vectors.subarray(2 * channels),
      EPS,
    );
    const first = score === 'none' ? 0 : 1;
    const expected = Array.from({ length: count }, (_, h) => {
      const token = h < masks ? first + 1 + h : h === masks ? first : 0;
      let row: Rows = [x[token] ?? []];
      const own = (w ?? new Float64Array()).subarray(h * channels * cols);
      const biases = vectors.subarray(4 * channels + h * cols);
      const layer = (i: number, width: number) =>
        plus(
          times(row, own, { stride: cols, start: i * channels, cols: width }),
          biases.subarray(i * channels),
        );
      if (!(h > masks && score === 'linear')) for (const i of [0, 1]) row = relu(layer(i, channels));
      if (h > masks) {
        const last = vectors.subarray(3 * channels, 4 * channels);
        const dot = times(row, last, { stride: 1, cols: 1 })[0]?.[0] ?? Number.NaN;
        return Array.from({ length: out }, (_, c) => (c > 0 ? 0 : dot + at(biases, 2 * channels)));
      }
      const [values = []] = layer(2, out);
      return h === masks && sigmoid ? values.map((v) => 1 / (1 + Math.exp(-v))) : values;
    });
    const terms = [chunks, channels / 2, channels, channels, channels, channels];
    expectClose('y', y ?? [], flat(expected), chainTolerance(terms, 8));
  };

const PLAIN: ProductCase = { addends: 1, norm: false, placed: 0 };
const NORMED: ProductCase = { addends: 3, norm: true, placed: 32 };
/** 4 tokens and 32 columns a workgroup; 16 tokens, 8 keys a turn and 256 a chunk. */
export const TOKEN_CASES: Readonly<Record<string, Run>> = {
  'promptTokens: 1 point': prompts(1),
  'promptTokens: 11 points': prompts(11),
  'tokenProduct: 1 token, 4 columns': product(1, 4, PLAIN),
  'tokenProduct: 4 tokens, 32 columns': product(4, 32, { ...PLAIN, placed: 32 }),
  'tokenProduct: 3 tokens, 36 columns, normed': product(3, 36, NORMED),
  'tokenProduct: 5 tokens, 100 columns, normed': product(5, 100, { ...NORMED, placed: 64 }),
  'tokenProduct: 13 tokens of 256': product(13, 68, { ...NORMED, channels: 256 }),
  'tokenSelfAttention: 1 token, bare': selfAttention(1, false),
  'tokenSelfAttention: 4 tokens': selfAttention(4, true),
  'tokenSelfAttention: 5 tokens, bare': selfAttention(5, false),
  'tokenSelfAttention: 23 tokens of 256': selfAttention(23, true, 256, 8),
  'imageAttention: 1 token, 1 key': look(1, 1),
  'imageAttention: 15 tokens, 7 keys': look(15, 7),
  'imageAttention: 16 tokens, 8 keys': look(16, 8),
  'imageAttention: 17 tokens, 256 keys': look(17, 256),
  'imageAttention: 3 tokens, 523 keys': look(3, 523),
  'imageAttention: long heads': look(5, 257, 1, 28),
  'tokenMlp: 1 token, 1 chunk, 1 slice': mlp(1, 1, 64),
  'tokenMlp: 4 tokens, 3 chunks, 3 slices': mlp(4, 3, 192),
  'tokenMlp: 5 tokens of 256': mlp(5, 2, 128, 256),
  'tokenHeads: no score': heads(5, { score: 'none', sigmoid: false }),
  'tokenHeads: a linear score': heads(7, { score: 'linear', sigmoid: false }),
  'tokenHeads: a score of its own': heads(6, { score: 'mlp', sigmoid: true }),
  'tokenHeads: of 256': heads(11, { score: 'mlp', sigmoid: true, channels: 256 }),
};
/** What reads matrices, once in each storage. */
export const STORED_TOKEN_CASES = [
  'tokenProduct: 3 tokens, 36 columns, normed',
  'tokenSelfAttention: 4 tokens',
  'tokenMlp: 4 tokens, 3 chunks, 3 slices',
  'tokenHeads: a score of its own',
];
