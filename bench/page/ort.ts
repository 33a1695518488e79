/** onnxruntime-web with its best settings: the WebGPU build, tensors kept on the GPU, sessions warm. */
import type * as Ort from 'onnxruntime-web/webgpu';

export type Provider = 'webgpu' | 'wasm';

/** The graphs of bench/onnx/README.md, ready to run. */
export interface OrtModel {
  readonly loadMs: number;
  readonly version: string;
  readonly device: GPUDevice | undefined;
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

const FEATURES = ['emb', 'h0', 'h1'];

/** @param image normalised, [1, 3, size, size] */
export async function loadOrt(
  name: string,
  provider: Provider,
  image: Float32Array,
  size: number,
): Promise<OrtModel> {
  const address = '/ort/ort.webgpu.min.mjs';
  const ort = (await import(/* @vite-ignore */ address)) as typeof Ort;
  ort.env.wasm.wasmPaths = new URL('/ort/', location.href).href;
  ort.env.wasm.numThreads = navigator.hardwareConcurrency;
  ort.env.logLevel = 'error';
  const start = performance.now();
  const open = async (part: string, onGpu: boolean) => {
    const options: Ort.InferenceSession.SessionOptions = {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      ...(onGpu && provider === 'webgpu' ? { preferredOutputLocation: 'gpu-buffer' } : {}),
    };
    return ort.InferenceSession.create(`/onnx/${name}_${part}.onnx`, options);
  };
  const encoder = await open('enc', true);
  const decoder = await open('dec', false);
  const device = provider === 'webgpu' ? ((await ort.env.webgpu.device) as GPUDevice) : undefined;
  const loadMs = performance.now() - start;

  let input = new ort.Tensor('float32', image, [1, 3, size, size]);
  if (device) {
    const gpuBuffer = device.createBuffer({
      size: image.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(gpuBuffer, 0, image as Float32Array<ArrayBuffer>);
    input = ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims: [1, 3, size, size] });
  }
  let features: Ort.InferenceSession.OnnxValueMapType | undefined;
  return {
    loadMs,
    version: ort.env.versions.web ?? ort.env.versions.common,
    device,
    async encode() {
      for (const name of FEATURES) features?.[name]?.dispose();
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
      const read = async (name: string) => (await features?.[name]?.getData()) as Float32Array;
      return Object.fromEntries(
        await Promise.all(FEATURES.map(async (name) => [name, await read(name)] as const)),
      );
    },
  };
}
