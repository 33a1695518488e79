/** Run by Deno: one decoder fused and op by op, answers side by side; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { type DecoderQuestion, openDecoder } from './decoder-run.ts';
import { FUSED_CASES } from './fused-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
/** Of values that are at least 1: a single logit near 0 is a difference of terms of that size. */
const errorOf = (actual: ArrayLike<number>, expected: Float32Array) => {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const difference = norm(expected.map((value, i) => value - (actual[i] ?? Number.NaN)));
  return difference / Math.max(norm(expected), Math.sqrt(expected.length));
};

const errors: [string, number][] = [];
const [fixture = ''] = process.argv.slice(2);
const questions = FUSED_CASES[fixture] ?? {};
const decoder = await openDecoder(navigator.gpu, fixture, 256);
for (const [name, question] of Object.entries<Omit<DecoderQuestion, 'fused'>>(questions)) {
  const [fused, plain] = [
    await decoder.ask({ ...question, fused: true }),
    await decoder.ask({ ...question, fused: false }),
  ];
  if ([...fused.keys()].sort().join() !== [...plain.keys()].sort().join())
    throw new Error(`${name}: outputs ${[...fused.keys()]}, expected ${[...plain.keys()]}`);
  for (const [output, values] of plain)
    errors.push([`${fixture}, ${name}: ${output}`, errorOf(fused.get(output) ?? [], values)]);
  console.error(fixture, name, ...errors.slice(-plain.size).map(([, error]) => error.toExponential(1)));
}
decoder.dispose();
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors }));
process.exit(0);
