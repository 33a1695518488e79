import { type Gpu, requestDevice } from '../src/gpu/device.ts';
import { PipelineCache } from '../src/gpu/pipelines.ts';
import { BufferPool } from '../src/gpu/pool.ts';
import { readBuffer } from '../src/gpu/readback.ts';
import { Graph, type GraphTraits } from '../src/graph/graph.ts';
import type { Source } from '../src/graph/parameter.ts';
import { plan } from '../src/graph/plan.ts';
import { compile } from '../src/graph/program.ts';
import { bytesOf, sizeOf, type Tensor } from '../src/graph/tensor.ts';
import { encodeParameter } from '../src/weights/parameters.ts';

/** Words behind each buffer's end that no kernel may touch. */
const SENTINEL_WORDS = 16;
const SENTINEL = 0x5afe5afe;

const shared = new WeakMap<GPU, Promise<Gpu>>();

/** One device for all graphs of a test file's GPU. */
export function sharedDevice(gpu: GPU): Promise<Gpu> {
  let device = shared.get(gpu);
  if (!device) {
    device = requestDevice({ gpu });
    shared.set(gpu, device);
  }
  return device;
}

const compiled = new WeakMap<Gpu, PipelineCache>();

/** One cache for a device: SwiftShader takes up to seconds for a pipeline, and cases of a file share theirs. */
function pipelinesOf(device: Gpu): PipelineCache {
  let cache = compiled.get(device);
  if (!cache) {
    cache = new PipelineCache(device);
    compiled.set(device, cache);
  }
  return cache;
}

/** The u32 elements of a result: not every one is a float of the same value. */
export function wordsOf(result: Float32Array | undefined): Uint32Array {
  return result ? new Uint32Array(result.buffer, result.byteOffset, result.length) : new Uint32Array();
}

/** Gives a graph its inputs: an external tensor with these values. */
export type Feed = (name: string, shape: readonly number[], values: Float32Array | Uint32Array) => Tensor;

/**
 * Records `build`, runs it once and returns the values of the tensors it returned. Every activation has its own
 * buffer, pre-filled with NaN, so that an element nobody wrote cannot pass, with sentinels behind it. Integers come
 * as the bits of floats: `wordsOf` gives them back. `weights` stands for the checkpoint.
 */
export async function runGraph(
  gpu: GPU,
  build: (g: Graph, feed: Feed) => Tensor | readonly Tensor[],
  traits?: Partial<GraphTraits>,
  weights?: (source: Source) => Float32Array,
): Promise<Float32Array[]> {
  const device = await sharedDevice(gpu);
  const g = new Graph('test', { ...device.traits, ...traits });
  const fed = new Map<Tensor, GPUBuffer>();
  const fill = (tensor: Tensor, { buffer: source, byteOffset, byteLength }: ArrayBufferView) => {
    const words = new ArrayBuffer(bytesOf(tensor) + 4 * SENTINEL_WORDS);
    new Uint8Array(words).set(new Uint8Array(source, byteOffset, byteLength));
    new Uint32Array(words, bytesOf(tensor)).fill(SENTINEL);
    const buffer = device.createStorage(tensor.name, words.byteLength);
    device.write(buffer, new Uint8Array(words));
    fed.set(tensor, buffer);
  };
  const built = build(g, (name, shape, values) => {
    const tensor = g.external(name, shape, values instanceof Uint32Array ? 'u32' : 'f32');
    if (values.length !== sizeOf(tensor))
      throw new Error(`feed ${name}: ${values.length} values for [${shape}]`);
    fill(tensor, values);
    return tensor;
  });
  const results = 'name' in built ? [built] : built;
  for (const result of results) if (result.kind === 'activation') g.output(result);
  const recording = g.finish();
  for (const { tensor, sources, pack } of recording.parameters)
    if (weights || sources.length === 0) {
      const packed = pack(sources.map((source) => weights?.(source) ?? new Float32Array()));
      for (const [each, bytes] of encodeParameter(tensor, packed)) fill(each, bytes);
    }

  const written = [...plan(recording).slotOf.keys(), ...recording.outputs.keys()];
  for (const tensor of written) fill(tensor, new Float32Array(sizeOf(tensor)).fill(Number.NaN));
  const workspace = { gpu: device, pipelines: pipelinesOf(device), pool: new BufferPool(device) };
  const unplanned = { slotOf: new Map(), slotBytes: [], peakBytes: 0, totalBytes: 0, largestBytes: 0 };
  const program = await compile(workspace, recording, unplanned, (tensor) => {
    const buffer = fed.get(tensor);
    return buffer && { buffer };
  });
  device.device.pushErrorScope('validation');
  await program.executable.run();
  const error = await device.device.popErrorScope();
  if (error) throw new Error(error.message);

  const read = async (tensor: Tensor) => {
    const words = await readBuffer(
      device,
      program.bindingOf(tensor).buffer,
      bytesOf(tensor) + 4 * SENTINEL_WORDS,
    );
    if (new Uint32Array(words, bytesOf(tensor)).some((word) => word !== SENTINEL))
      throw new Error(`a kernel wrote past the end of '${tensor.name}'`);
    return new Float32Array(words, 0, sizeOf(tensor));
  };
  for (const tensor of written) await read(tensor);
  const values = [];
  for (const result of results) values.push(await read(result));
  program.executable.dispose();
  for (const buffer of fed.values()) buffer.destroy();
  return values;
}
