import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { hoist } from '../../src/graph/hoist.ts';
import { add } from '../../src/ops/add.ts';
import { concatRows } from '../../src/ops/copy-rows.ts';
import { matmul } from '../../src/ops/matmul.ts';
import { recordDecoder, recordImageTerms } from '../../src/tasks/recordings.ts';
import { contextOf, PLAIN } from '../architecture/models.ts';

const lasts = ({ name }: { readonly name: string }) => name === 'picture';
const weight = (g: Graph, name: string) => g.parameter(name, [8, 8], [], () => new Float32Array(64));
const names = ({
  dispatches,
}: {
  readonly dispatches: readonly { readonly operands: readonly { name: string }[] }[];
}) => dispatches.map(({ operands }) => operands.at(-1)?.name);

/** y = (picture + position) wk + click wq, whose first product follows from the picture alone. */
function recorded() {
  const g = new Graph('test');
  const [picture, click] = [g.external('picture', [8, 8]), g.external('click', [8, 8])];
  const placed = add(g, picture, weight(g, 'position'), { name: 'placed' });
  const key = matmul(g, placed, weight(g, 'wk'), { name: 'key' });
  const query = matmul(g, click, weight(g, 'wq'), { name: 'query', residual: key });
  g.output(add(g, query, placed, { name: 'y' }), 'answer');
  return g.finish();
}

describe('hoist', () => {
  test('keeps products that follow from what lasts, makes cheap sums again, and leaves the rest', () => {
    const { once, each } = hoist(recorded(), 'terms', lasts);
    expect(names(once)).toEqual(['placed', 'key']);
    expect([...once.outputs.values()]).toEqual(['terms.0 key']);
    expect(names(each)).toEqual(['placed', 'query', 'y']);
    const [, query] = each.dispatches;
    expect(query?.operands.find(({ name }) => name === 'terms.0 key')?.kind).toBe('external');
    expect(once.parameters.map(({ tensor }) => tensor.name)).toEqual(['position', 'wk']);
    expect(each.parameters.map(({ tensor }) => tensor.name)).toEqual(['position', 'wq']);
    expect([...each.outputs.values()]).toEqual(['answer']);
  });

  test('leaves a tensor that something else writes as well', () => {
    const g = new Graph('test');
    const own = matmul(g, g.external('picture', [4, 8]), weight(g, 'w'), { name: 'own' });
    const rows = concatRows(g, [own, g.external('click', [4, 8])], { name: 'rows' });
    g.output(matmul(g, rows, weight(g, 'v'), { name: 'y' }), 'answer');
    const { once, each } = hoist(g.finish(), 'terms', lasts);
    expect(names(once)).toEqual(['own']);
    expect(names(each)).toEqual(['rows', 'rows', 'y']);
  });

  test('keeps the whole of a product whose chunks are put together, and not the chunks', () => {
    const g = new Graph('test', PLAIN);
    const picture = g.external('picture', [1024, 768]);
    const w = g.parameter('w', [768, 256], [], () => new Float32Array());
    const key = matmul(g, picture, w, { name: 'key' });
    g.output(add(g, key, g.external('click', [1024, 256]), { name: 'y' }), 'answer');
    const { once, each } = hoist(g.finish(), 'terms', lasts);
    expect(names(once)).toEqual(['key in 3', 'key']);
    expect([...once.outputs.values()]).toEqual(['terms.0 key']);
    expect(names(each)).toEqual(['y']);
  });

  test('moves nothing where nothing lasts, and everything that is no output where all does', () => {
    const nothing = hoist(recorded(), 'terms', () => false);
    expect([nothing.once.dispatches.length, nothing.each.dispatches.length]).toEqual([0, 4]);
    const all = hoist(recorded(), 'terms', () => true);
    expect(names(all.once)).toEqual(['placed', 'key', 'query']);
    expect(names(all.each)).toEqual(['placed', 'y']);
  });
});

test("a click on tiny reuses the decoder's first three products with the image: 0.8 of its 3.7 GFLOP", () => {
  const context = contextOf('tiny', PLAIN);
  const flops = ({ dispatches }: { readonly dispatches: readonly { readonly flops: number }[] }) =>
    dispatches.reduce((sum, each) => sum + each.flops, 0) / 1e9;
  const terms = recordImageTerms(context);
  const click = recordDecoder(context, { points: 3, mask: false, classes: [], choice: 'stable' }, 0);
  const masked = recordDecoder(context, { points: 3, mask: true, classes: [], choice: 'stable' }, 0);
  console.log(`image terms ${flops(terms).toFixed(2)}, click ${flops(click).toFixed(2)} GFLOP`);
  expect(terms.outputs.size).toBe(3);
  expect(flops(terms)).toBeCloseTo(0.805, 2);
  expect(flops(masked) - flops(click)).toBeGreaterThan(0.8);
});
