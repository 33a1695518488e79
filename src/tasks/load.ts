import { CheckpointError, kindOf, UnsupportedError } from '../errors.ts';
import { Gpu, requestDevice } from '../gpu/device.ts';
import type { GraphTraits, Recording } from '../graph/graph.ts';
import { canonicalTensors } from '../weights/canonical-tensors.ts';
import type { ModelConfig } from '../weights/config.ts';
import { describeCheckpoint } from '../weights/convert.ts';
import { isPreprocess, PREPROCESSES } from '../weights/metadata.ts';
import { openCheckpoint } from '../weights/open.ts';
import type { Checkpoint } from '../weights/types.ts';
import { untilAborted } from './abort.ts';
import { loadDecoder } from './decoders.ts';
import { download } from './download.ts';
import { loadEncoder } from './encoders.ts';
import { expectOptions } from './options.ts';
import { precisionOn } from './precision.ts';
import { recordMasks, recordPreprocess, type StageContext, standardRecordings } from './recordings.ts';
import { Segmenter } from './segmenter.ts';
import { Stages } from './stages.ts';
import { fitStorage } from './storage.ts';
import { tunedFor } from './tuned-for.ts';
import type { LoadOptions, LoadProgress, Model } from './types.ts';

/**
 * Loads a model: a safetensors file of `sam2rad convert`, or a PyTorch checkpoint as it is. Its family and size are
 * found from the tensors, what it will take on the GPU before any of it is loaded. Kernels compile while the weights
 * load; a checkpoint is never whole in memory unless it comes over the network.
 *
 * @param source an address, or a Blob: a dropped File, or Node's `fs.openAsBlob(path)`
 * @throws CheckpointError for a source that cannot be read or is no checkpoint we know, and for an `imageSize` that its
 * model cannot have; UnsupportedError without WebGPU or adapter, for an option, `storage`, `compute` or `preprocess` that is
 * not there, and where a part of the engine cannot be loaded; GpuError where device or `memoryLimit` cannot hold it;
 * DeviceLostError; the signal's reason when cancelled; what `onProgress` throws. Nothing stays on the GPU then.
 */
export async function loadModel(source: string | URL | Blob, options: LoadOptions = {}): Promise<Model> {
  expectOptions('loadModel', options, UnsupportedError);
  const { signal, preprocess } = options;
  if (preprocess !== undefined && !isPreprocess(preprocess))
    throw new UnsupportedError(`preprocess is '${String(preprocess)}', expected ${PREPROCESSES.join(', ')}`);
  expectPlace(options);
  const checkpoint = await untilAborted(open(source, options), signal);
  const description = describeCheckpoint(checkpoint, options.imageSize, preprocess);
  const encoder = await untilAborted(loadEncoder(description.config), signal);
  const gpu = options.device ? new Gpu(options.device) : await requestDevice(options);
  const stages = new Stages(gpu);
  const cancel = new AbortController();
  const onProgress = (progress: LoadProgress) => {
    // The caller's signal is heard here before it has ended what runs.
    if (!signal?.aborted && !cancel.signal.aborted) options.onProgress?.(progress);
  };
  try {
    signal?.throwIfAborted();
    const decoder = await untilAborted(loadDecoder(description.config, gpu.traits), signal);
    const compute = precisionOn(gpu, options.compute);
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const fitting = fitStorage(
      { config: description.config, encoder, decoder, traits: { ...gpu.traits, compute } },
      {
        storage: options.storage,
        fileStorage: description.storage,
        limits: {
          binding: Math.min(maxBufferSize, maxStorageBufferBindingSize),
          total: options.memoryLimit ?? Number.POSITIVE_INFINITY,
        },
      },
    );
    const record = (traits: GraphTraits) => standardRecordings({ ...fitting.context, traits });
    const { tuned, notes } = await tunedFor(gpu, fitting.context.traits, record, {
      ...options,
      onProgress: (loaded, total) => onProgress({ stage: 'tune', loaded, total }),
    });
    const context = { ...fitting.context, traits: { ...fitting.context.traits, tuned } };
    const recordings = tuned ? standardRecordings(context) : fitting.recordings;
    const compiled = stages.compileKernels([...recordings, ...pictureRecordings(context)], (loaded, total) =>
      onProgress({ stage: 'compile', loaded, total }),
    );
    const upload = async () => {
      await stages.reserve(recordings);
      // As long as any prompt's answers: a longer one later would make the stages of the shorter anew.
      stages.buffer('masks', 4 * mostAnswers(description.config) * (description.config.imageSize / 4) ** 2);
      const parameters = recordings.flatMap((recording) => recording.parameters);
      await stages.parameters.load(parameters, canonicalTensors(checkpoint, description), {
        signal: cancel.signal,
        onProgress: (loaded, total) => onProgress({ stage: 'weights', loaded, total }),
      });
      await gpu.settle();
    };
    const both = Promise.all([named(upload(), checkpoint), compiled]);
    await untilAborted(gpu.guard(both), signal);
    onProgress({ stage: 'ready', loaded: 1, total: 1 });
    return new Segmenter({ gpu, stages, context, warnings: [...checkpoint.warnings, ...notes] });
  } catch (error) {
    // Whatever still runs ends at its next step.
    cancel.abort(error);
    gpu.close('loading the model failed');
    stages.dispose();
    throw error;
  }
}

/**
 * What model a file holds, of which its directory alone is read: for `describeModel`, before anything is loaded.
 *
 * @param imageSize as in LoadOptions
 * @throws CheckpointError for a file that cannot be read or is no checkpoint we know
 */
export async function readConfig(file: Blob, imageSize?: number): Promise<ModelConfig> {
  return describeCheckpoint(await openCheckpoint(file), imageSize).config;
}

/** Where it is to be loaded, which code without types may give wrongly: `create` of Node's package for what it returns. */
function expectPlace({ device, gpu, memoryLimit }: LoadOptions): void {
  if (device && !device.features)
    throw new UnsupportedError(
      `device is ${kindOf(device)}, expected a GPUDevice: await adapter.requestDevice()`,
    );
  if (gpu && !gpu.requestAdapter)
    throw new UnsupportedError(
      `gpu is ${kindOf(gpu)}, expected a GPU: navigator.gpu, or create([]) of the package webgpu`,
    );
  if (memoryLimit !== undefined && !(typeof memoryLimit === 'number' && memoryLimit >= 0))
    throw new UnsupportedError(`memoryLimit is ${memoryLimit}, expected a number of bytes`);
}

/** Masks that one prompt can ask for: three candidates, or one a class. */
function mostAnswers({ datasets, ppn }: ModelConfig): number {
  return Math.max(3, ppn ? (datasets[0]?.classes ?? 0) : 0);
}

/**
 * What runs before the encoder and after the decoder depends on the picture's size, its kernels do not: those of a
 * usual picture are compiled with the others, so that the first click does not wait for them.
 */
function pictureRecordings(context: StageContext): Recording[] {
  const { imageSize, ppn, decoder } = context.config;
  const [width, height] = [imageSize, imageSize];
  const masks = { width, height, answers: 1, logits: false };
  const scored = decoder.objectScore !== 'none';
  return [
    recordPreprocess(context, width, height),
    recordMasks(context, { ...masks, scored: false, classMap: false }),
    ...(ppn ? [recordMasks(context, { ...masks, scored, classMap: true })] : []),
  ];
}

async function open(source: string | URL | Blob, options: LoadOptions): Promise<Checkpoint> {
  const { signal } = options;
  const cancel = signal ? { signal } : {};
  if (source instanceof Blob) return openCheckpoint(source, cancel);
  if (!['String', 'URL'].includes(kindOf(source)))
    throw new CheckpointError(
      `loadModel got ${kindOf(source)}, expected an address or a Blob: new Blob([bytes]), or openAsBlob(path) of node:fs`,
    );
  const name = String(source).split('/').at(-1) ?? String(source);
  return openCheckpoint(await download(source, options), { name, ...cancel });
}

/** Errors of a tensor name the file that it is in. */
async function named<T>(work: Promise<T>, { name }: Checkpoint): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CheckpointError && !error.message.includes(name))
      throw new CheckpointError(`${name}: ${error.message}`);
    throw error;
  }
}
