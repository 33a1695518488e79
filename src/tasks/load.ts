import { CheckpointError } from '../errors.ts';
import { Gpu, requestDevice } from '../gpu/device.ts';
import { canonicalTensors } from '../weights/canonical-tensors.ts';
import { describeCheckpoint } from '../weights/convert.ts';
import { openCheckpoint } from '../weights/open.ts';
import type { Checkpoint } from '../weights/types.ts';
import { download } from './download.ts';
import { type StageContext, standardRecordings } from './recordings.ts';
import { Segmenter } from './segmenter.ts';
import { Stages } from './stages.ts';
import type { LoadOptions, Model } from './types.ts';

/**
 * Loads a model: a safetensors file of `sam2rad convert`, or a PyTorch checkpoint as it is. Its family and size are
 * found from the tensors. Kernels compile while the weights load; a checkpoint is never whole in memory unless it
 * comes over the network.
 *
 * @param source an address, or a Blob: a dropped File, or Node's `fs.openAsBlob(path)`
 * @throws CheckpointError for a file that is no checkpoint we know; UnsupportedError without WebGPU; GpuError where
 * the device cannot hold it; the signal's reason when cancelled. Nothing stays on the GPU then.
 */
export async function loadModel(source: string | URL | Blob, options: LoadOptions = {}): Promise<Model> {
  const { signal, onProgress } = options;
  const file = source instanceof Blob ? source : await download(source, options);
  const checkpoint = await openCheckpoint(file, {
    ...(source instanceof Blob ? {} : { name: String(source).split('/').at(-1) ?? String(source) }),
    ...(signal ? { signal } : {}),
  });
  const description = describeCheckpoint(checkpoint, options.imageSize);
  signal?.throwIfAborted();
  const ownsDevice = !options.device;
  const gpu = options.device ? new Gpu(options.device) : await requestDevice(options);
  const context: StageContext = { config: description.config, traits: gpu.traits };
  const stages = new Stages(gpu);
  try {
    const recordings = standardRecordings(context);
    const compiled = stages.compileKernels(recordings, (loaded, total) =>
      onProgress?.({ stage: 'compile', loaded, total }),
    );
    await stages.reserve(recordings);
    const uploaded = gpu.checked('weights', () =>
      stages.parameters.load(
        recordings.flatMap(({ parameters }) => parameters),
        canonicalTensors(checkpoint, description),
        { signal, onProgress: (loaded, total) => onProgress?.({ stage: 'weights', loaded, total }) },
      ),
    );
    await Promise.all([named(uploaded, checkpoint), compiled]);
    signal?.throwIfAborted();
  } catch (error) {
    stages.dispose();
    if (ownsDevice) gpu.destroy();
    throw error;
  }
  onProgress?.({ stage: 'ready', loaded: 1, total: 1 });
  return new Segmenter({ gpu, stages, context, warnings: checkpoint.warnings, ownsDevice });
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
