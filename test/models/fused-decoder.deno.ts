/** Run by Deno: the decoder fused and op by op, answers side by side; JSON on the last line. */
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { relativeError } from '../close.ts';
import { type DecoderQuestion, openDecoder } from './decoder-run.ts';
import { FUSED_CASES } from './fused-cases.ts';

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const errors: [string, number][] = [];
for (const [fixture, questions] of Object.entries(FUSED_CASES)) {
  const decoder = await openDecoder(navigator.gpu, fixture, 256);
  for (const [name, question] of Object.entries<Omit<DecoderQuestion, 'fused'>>(questions)) {
    const [fused, plain] = [
      await decoder.ask({ ...question, fused: true }),
      await decoder.ask({ ...question, fused: false }),
    ];
    if ([...fused.keys()].sort().join() !== [...plain.keys()].sort().join())
      throw new Error(`${name}: outputs ${[...fused.keys()]}, expected ${[...plain.keys()]}`);
    for (const [output, values] of plain)
      errors.push([`${fixture}, ${name}: ${output}`, relativeError(fused.get(output) ?? [], values)]);
    console.error(fixture, name, ...errors.slice(-plain.size).map(([, error]) => error.toExponential(1)));
  }
  decoder.dispose();
}
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), errors }));
process.exit(0);
