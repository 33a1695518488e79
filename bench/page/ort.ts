/** onnxruntime-web with its best settings: the WebGPU build, tensors kept on the GPU, sessions warm. */
import type * as Ort from 'onnxruntime-web/webgpu';

export type Provider = 'webgpu' | 'wasm';

/** One of the pairs of bench/onnx. */
export interface OrtGraphs {
  readonly name: 'nano' | 'hiera_t';
  /** S: the square that the encoder sees. */
  readonly size: number;
  /** Bytes of the weights that lie beside a graph; absent where it holds its own. */
  readonly weights?: { readonly enc: number; readonly dec: number };
}

export const NANO: OrtGraphs = { name: 'nano', size: 256 };
export const TINY: OrtGraphs = {
  name: 'hiera_t',
  size: 1024,
  weights: { enc: 133_966_464, dec: 16_705_536 },
};

/** The graphs of bench/onnx/README.md, ready to run. */
export interface OrtModel {
  readonly loadMs: number;
  readonly version: string;
  /** Encodes; resolves when the GPU has finished. The features stay where they are. */
  encode(): Promise<void>;
  /** One decoder run on the features of the last `encode`; its outputs are read back. */
  click(points: readonly (readonly [number, number])[], labels: readonly number[]): Promise<OrtMasks>;
  /** The features of the last `encode`, read back: emb, h0, h1. */
  features(): Promise<Record<string, Float32Array>>;
}

export interface OrtMasks {
  readonly masks: Float32Array;
  readonly iou: Float32Array;
  readonly obj: Float32Array;
}

type Values = Ort.InferenceSession.OnnxValueMapType;

/** What a decoder takes of a picture besides the prompts: channels and side, by S. */
const featureShapes = (size: number): Readonly<Record<string, readonly [number, number]>> => ({
  emb: [256, size / 16],
  h0: [32, size / 4],
  h1: [64, size / 8],
});

/** Any values that are not 0, the same each time: what a network of unknown weights is filled with. */
export function filler(length: number, scale: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  let state = 0x2545f491;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = (scale * state) / 2 ** 31;
  }
  return values;
}

/** @param image normalised, [1, 3, S, S]; without it only the decoder is loaded, on features that are made up */
export async function loadOrt(
  graphs: OrtGraphs,
  provider: Provider,
  image?: Float32Array,
): Promise<OrtModel> {
  const { name, size, weights } = graphs;
  const address = '/ort/ort.webgpu.min.mjs';
  const ort = (await import(/* @vite-ignore */ address)) as typeof Ort;
  ort.env.wasm.wasmPaths = new URL('/ort/', location.href).href;
  ort.env.wasm.numThreads = navigator.hardwareConcurrency;
  ort.env.logLevel = 'error';
  const external = (part: 'enc' | 'dec') =>
    weights
      ? { externalData: [{ path: `${name}_${part}.bin`, data: bytesOf(filler(weights[part] / 4, 0.05)) }] }
      : {};
  const files = { enc: image ? external('enc') : {}, dec: external('dec') };
  const start = performance.now();
  const open = (part: 'enc' | 'dec', onGpu: boolean) =>
    ort.InferenceSession.create(`/onnx/${name}_${part}.onnx`, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      ...(onGpu && provider === 'webgpu' ? { preferredOutputLocation: 'gpu-buffer' } : {}),
      ...files[part],
    });
  const encoder = image ? await open('enc', true) : undefined;
  const decoder = await open('dec', false);
  const device = provider === 'webgpu' ? ((await ort.env.webgpu.device) as GPUDevice) : undefined;
  const loadMs = performance.now() - start;

  const place = (values: Float32Array, dims: readonly number[]) => {
    if (!device) return new ort.Tensor('float32', values, dims);
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const gpuBuffer = device.createBuffer({ size: values.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
    device.queue.writeBuffer(gpuBuffer, 0, values as Float32Array<ArrayBuffer>);
    return ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims });
  };
  const shapes = featureShapes(size);
  const names = Object.keys(shapes);
  const input = image ? place(image, [1, 3, size, size]) : undefined;
  const madeUp = (channels: number, side: number) =>
    place(filler(channels * side * side, 1), [1, channels, side, side]);
  let features: Values = image
    ? {}
    : Object.fromEntries(Object.entries(shapes).map(([feature, shape]) => [feature, madeUp(...shape)]));
  return {
    loadMs,
    version: ort.env.versions.web ?? ort.env.versions.common,
    async encode() {
      if (!encoder || !input) throw new Error(`${name}: only the decoder was loaded`);
      for (const feature of names) features[feature]?.dispose();
      features = await encoder.run({ image: input });
      await device?.queue.onSubmittedWorkDone();
    },
    async click(points, labels) {
      const pts = new ort.Tensor('float32', Float32Array.from(points.flat()), [1, points.length, 2]);
      const lab = new ort.Tensor('int64', BigInt64Array.from(labels.map(BigInt)), [1, labels.length]);
      const out = await decoder.run({ ...features, pts, lab });
      const [masks, iou, obj] = await Promise.all(
        ['masks', 'iou', 'obj'].map(async (key) => (await out[key]?.getData()) as Float32Array),
      );
      return { masks, iou, obj } as OrtMasks;
    },
    async features() {
      const read = async (feature: string) => (await features[feature]?.getData()) as Float32Array;
      return Object.fromEntries(
        await Promise.all(names.map(async (feature) => [feature, await read(feature)] as const)),
      );
    },
  };
}

const bytesOf = ({ buffer }: Float32Array<ArrayBuffer>) => new Uint8Array(buffer);
