/** The decoder of a published layout on generated weights and features, fused or op by op; runs in Node and in Deno. */
import { requestDevice } from '../../src/gpu/device.ts';
import { readBuffer } from '../../src/gpu/readback.ts';
import type { GraphTraits } from '../../src/graph/graph.ts';
import { bytesOf, sizeOf } from '../../src/graph/tensor.ts';
import { featureMaps } from '../../src/models/features.ts';
import { loadDecoder } from '../../src/tasks/decoders.ts';
import {
  type DecodeSpec,
  type HeadContext,
  recordDecoder,
  recordImageTerms,
  usesImageTerms,
} from '../../src/tasks/recordings.ts';
import { Stages } from '../../src/tasks/stages.ts';
import { canonicalTensors } from '../../src/weights/canonical-tensors.ts';
import { describeCheckpoint } from '../../src/weights/convert.ts';
import { randomValues } from '../close.ts';
import { fixtureJson } from '../weights/fixtures.ts';
import { generatedCheckpoint, type WeightsJson } from '../weights/generated-weights.ts';

/** A GPU that is no software adapter, whatever runs it. */
const TRAITS: GraphTraits = { cpu: false, subgroups: false };

export interface DecoderQuestion extends Pick<DecodeSpec, 'points' | 'choice'> {
  readonly mask?: boolean;
  readonly fused: boolean;
  readonly storage?: GraphTraits['storage'];
}

/** A decoder to ask in both ways; call `dispose` at last. */
export async function openDecoder(gpu: GPU, fixture: string, imageSize: number) {
  const device = await requestDevice({ gpu });
  const checkpoint = generatedCheckpoint(fixtureJson<WeightsJson>(`${fixture}.json`));
  const description = describeCheckpoint(checkpoint, imageSize);
  const { config } = description;
  const decoder = await loadDecoder(config, TRAITS);
  if (!decoder) throw new Error('no fused decoder was loaded');

  const opened = new Map<string, Stages>();
  /** @returns every output of a decode, by name */
  async function ask(question: DecoderQuestion): Promise<Map<string, Float32Array>> {
    const { points, choice, mask = false, fused, storage = 'f32' } = question;
    const context: HeadContext = {
      config,
      traits: { ...TRAITS, storage },
      ...(fused ? { decoder } : {}),
    };
    const spec: DecodeSpec = { points, mask, classes: [], choice };
    const recordings = [
      ...(usesImageTerms(spec) ? [recordImageTerms(context)] : []),
      recordDecoder(context, spec, 0),
    ];
    // One for each way to compute: kernels are compiled and weights loaded once.
    const way = `${fused} ${storage}`;
    const stages = opened.get(way) ?? new Stages(device);
    opened.set(way, stages);
    const write = (name: string, values: Float32Array<ArrayBuffer>) => {
      if (values.length > 0) device.write(stages.buffer(name, values.byteLength), values);
    };
    featureMaps(config).forEach(({ name, side, channels }, i) => {
      write(name, randomValues(side * side * channels, 10 + i));
    });
    // Labels of every kind, a padding point among them.
    write(
      'coords',
      randomValues(2 * points, 3).map((v) => ((v + 1) / 2) * imageSize),
    );
    write(
      'labels',
      Float32Array.from({ length: points }, (_, i) => [1, 0, -1, 2, 3][i % 5] ?? 1),
    );
    write('mask_input', randomValues((imageSize / 4) ** 2, 4));
    await stages.parameters.load(
      recordings.flatMap(({ parameters }) => parameters),
      canonicalTensors(checkpoint, description),
    );
    const key = JSON.stringify(spec);
    for (const [i, recording] of recordings.entries()) await stages.run(`${i} ${key}`, () => recording);
    const results = new Map<string, Float32Array>();
    for (const [tensor, name] of recordings.at(-1)?.outputs ?? []) {
      const bytes = await readBuffer(device, stages.buffer(name, bytesOf(tensor)), bytesOf(tensor));
      results.set(name, new Float32Array(bytes, 0, sizeOf(tensor)));
    }
    return results;
  }
  const dispose = () => {
    for (const stages of opened.values()) stages.dispose();
    device.close('the test has ended');
  };
  return { ask, dispose };
}
