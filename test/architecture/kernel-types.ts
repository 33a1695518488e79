/**
 * What does not compile, checked by tsc: `npm run check` fails where an error that is expected here is not one.
 * Nothing runs this file; kernel-types.test.ts has the compiler count its errors.
 */
import { add, matmul } from '../../src/generated/kernels.ts';
import { Graph } from '../../src/graph/graph.ts';

const g = new Graph('types');
const [a, b, y] = ['a', 'b', 'y'].map((name) => g.tensor(name, [4, 4])) as [
  ReturnType<Graph['tensor']>,
  ReturnType<Graph['tensor']>,
  ReturnType<Graph['tensor']>,
];
const params = { outputs4: 4, period4: 4 };
const options = { workgroups: [1, 1, 1] } as const;
const product = { x: a, w: b, scale: b, bias: b, residual: b, y };
const sizes = { rows: 4, inner4: 1, cols4: 1, residual_rows: 1 };

// Right.
g.record(add, { a, b, y }, params, options);
g.record(matmul, product, sizes, { ...options, tuning: { BIAS: 1, LANES_X: 8 } });

// @ts-expect-error an operand is missing
g.record(add, { a, b }, params, options);
// @ts-expect-error an operand that the kernel has not
g.record(add, { a, b, y, z: a }, params, options);
// @ts-expect-error an operand by another name
g.record(add, { x: a, b, y }, params, options);
// @ts-expect-error an operand that is no tensor
g.record(add, { a: 'a', b, y }, params, options);
// @ts-expect-error a parameter is missing
g.record(add, { a, b, y }, { outputs4: 4 }, options);
// @ts-expect-error a parameter that the kernel has not
g.record(add, { a, b, y }, { ...params, period: 4 }, options);
// @ts-expect-error a parameter that is no number
g.record(add, { a, b, y }, { outputs4: '4', period4: 4 }, options);
// @ts-expect-error a tunable that the kernel has not
g.record(add, { a, b, y }, params, { ...options, tuning: { TILE: 4 } });
// @ts-expect-error a tunable of another kernel
g.record(matmul, product, sizes, { ...options, tuning: { HEAD4: 8 } });
// @ts-expect-error a grid of two axes
g.record(add, { a, b, y }, params, { workgroups: [1, 1] });
// @ts-expect-error the operands of another kernel
g.record(matmul, { a, b, y }, sizes, options);
