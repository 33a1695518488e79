import type { DeviceLostError } from '../errors.ts';
import type { AdapterSummary } from '../gpu/device.ts';
import type { ProfileEntry } from '../gpu/executor.ts';
import type { Precision, WeightStorage } from '../gpu/kernel.ts';
import type { TunedKernels } from '../graph/graph.ts';
import type { PictureSource } from '../web/picture.ts';
import type { ModelConfig } from '../weights/config.ts';

/** x0, y0, x1, y1 in pixels of the original picture; x1 and y1 are on the far edge. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** A text kept from visit to visit: `browserTuning()` in a page, a file elsewhere. */
export interface TuningStore {
  /** Tunes a software adapter, too, where compiling variants takes longer than a picture or two will save. */
  readonly software?: boolean | undefined;
  /** null where nothing is kept yet. */
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
}

/** What `onProgress` of loadModel is told. Counts are bytes for `download` and `weights`, classes of sizes for `tune`, pipelines for `compile`. */
export interface LoadProgress {
  readonly stage: 'download' | 'tune' | 'weights' | 'compile' | 'ready';
  readonly loaded: number;
  /** 0 where it is not known. */
  readonly total: number;
}

/** Which of several kernels compute, where they compute the same. */
export interface TuningOptions {
  /**
   * Where the fastest kernels of this device are kept. On a GPU what is not there yet is timed, within a second, before
   * the weights are loaded; a software adapter, unless the store asks for it, takes defaults.
   */
  readonly tuning?: TuningStore | undefined;
  /** Which variant computes a class of sizes, as `Model.tuned` of another load: nothing is timed then. */
  readonly tuned?: TunedKernels | undefined;
}

export interface LoadOptions extends TuningOptions {
  /**
   * A device of the caller's; without it one is requested and destroyed by `dispose()`. It is fastest where it was
   * requested with what its adapter has of `subgroups`, `shader-f16` and `timestamp-query`, and with a
   * `maxComputeWorkgroupStorageSize` of 32768 where that is allowed.
   */
  readonly device?: GPUDevice | undefined;
  /**
   * Where to request a device: `navigator.gpu` unless given (Node: `create([])` of the `webgpu` package). It is kept as
   * long as the process, which Dawn needs.
   */
  readonly gpu?: GPU | undefined;
  /** Of the device that is requested: `high-performance` unless given. */
  readonly powerPreference?: GPUPowerPreference | undefined;
  /**
   * Side of the square that the encoder sees, a multiple of 64 in 256..2048; the checkpoint's own or its family's
   * unless given.
   */
  readonly imageSize?: number | undefined;
  /**
   * How pictures are brought to that square, and whether SAM2's fallback from an unstable mask applies; the
   * checkpoint's own or its family's unless given. `sam2rad` on a SAM2 is the baseline that Sam2Rad is compared with.
   */
  readonly preprocess?: ModelConfig['preprocess'] | undefined;
  /**
   * How matrices are kept on the GPU. Unless given, as they are in the file (PyTorch's of float16 too), or the first
   * smaller one that fits the device and `memoryLimit`: f32, then f16, then q8 (8 bits and a factor a column).
   */
  readonly storage?: WeightStorage | undefined;
  /**
   * What products and convolutions multiply in, four at a time; their sums are f32. f32 unless given, however matrices
   * are stored: f16 ends near 65504, which nobody can promise of a checkpoint's activations, and the same file should
   * answer alike on every device. f16 needs a device with `shader-f16`.
   */
  readonly compute?: Precision | undefined;
  /**
   * Bytes that the model may take on the GPU, as planned before it is loaded: weights, and the activations of one
   * picture at `imageSize`. Not held to it is what comes later: buffers of a picture's own size (4 bytes a pixel, a byte
   * a mask, 4 with `returnLogits`), the features of further open sessions, and prompts larger than three points.
   * `Model.memory` says what is taken.
   */
  readonly memoryLimit?: number | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Cancels loading, which then rejects with the signal's reason. The loaded model hears it no more. */
  readonly signal?: AbortSignal | undefined;
}

/** Cancels and reports a long call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets the share that is done of what takes longest, 0 to 1; 1 once, where the call ends well. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Prompts in SAM's words. Coordinates are pixels of the original picture. */
export interface PredictOptions extends CallOptions {
  /**
   * auto: the prompt predictor's learned prompts, and after them whatever the caller adds (human in the loop).
   * manual: only the caller's prompts, exactly SAM. The default is auto where the model has a prompt predictor.
   */
  readonly mode?: 'auto' | 'manual' | undefined;
  readonly box?: Box | undefined;
  /** One [x, y] for each entry of `pointLabels`. */
  readonly pointCoords?: readonly (readonly [x: number, y: number])[] | undefined;
  /** 1 = part of the object, 0 = background, -1 = padding. */
  readonly pointLabels?: readonly number[] | undefined;
  /** Low-resolution logits [imageSize/4, imageSize/4] of an earlier result: `lowResLogits`. */
  readonly maskInput?: Float32Array | undefined;
  /** Manual mode: three masks instead of one. */
  readonly multimaskOutput?: boolean | undefined;
  /** Auto mode: class numbers (from 1) to predict; all unless given. */
  readonly classes?: readonly number[] | undefined;
  /**
   * Auto mode with added prompts. learned: learned tokens, then the caller's (as Sam2Rad was trained).
   * logits: the autonomous result fed back as mask prompt plus the caller's prompts (as SAM was trained).
   */
  readonly refine?: 'learned' | 'logits' | undefined;
  /** Adds `logits` at the picture's size to each result. */
  readonly returnLogits?: boolean | undefined;
  /**
   * Adds `tensors`, the intermediate values by the names of the reference dumps. With `refine: 'logits'` those of the
   * refining decodes, a class after the other along the first axis; `autonomous.<name>` are those that were fed back.
   */
  readonly returnTensors?: boolean | undefined;
}

/** One mask. */
export interface MaskResult {
  /** From 1; 1 in manual mode. */
  readonly classNumber: number;
  readonly className: string;
  readonly width: number;
  readonly height: number;
  /** width * height bytes, row by row: 1 inside, 0 outside. */
  readonly mask: Uint8Array<ArrayBuffer>;
  /** Pixels inside. */
  readonly area: number;
  /** The tight box around the mask, or null where the mask is empty. */
  readonly box: Box | null;
  /** The prompt predictor's own box, in pixels of the picture; null in manual mode. */
  readonly predictedBox: Box | null;
  /** The decoder's estimate of its mask's IoU. */
  readonly iou: number;
  /**
   * Logit of "the object is there"; under 0 the mask of auto mode is empty, but never with `refine: 'logits'`, where it is
   * the refining decode's and the mask was asked for. Null where the model has no such head.
   */
  readonly objectScore: number | null;
  /** [imageSize/4, imageSize/4] logits, within +-32 for SAM2 as its predictor hands them back: give them as `maskInput`. */
  readonly lowResLogits: Float32Array<ArrayBuffer>;
  /** width * height logits at the picture's size, with `returnLogits`. */
  readonly logits?: Float32Array<ArrayBuffer>;
}

/** A tensor of a dump, in PyTorch's layout. */
export interface DumpedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** One result a class (auto) or a mask (manual), and the picture's class map. */
export type Prediction = readonly MaskResult[] & {
  /**
   * width * height class numbers: 0 background, else the class whose positive logit is the largest; in manual mode the
   * mask with the highest `iou`.
   */
  readonly classMap: Uint8Array<ArrayBuffer>;
  readonly tensors?: ReadonlyMap<string, DumpedTensor>;
};

/** Bytes on the GPU. */
export interface MemoryReport {
  readonly weights: number;
  /** Activation buffers of all stages planned so far, with the features of pictures that are set aside. */
  readonly planned: number;
  /** What the activations of the stages that have run would take without sharing buffers: 0 before the first picture. */
  readonly unshared: number;
  /** The largest buffer that any kernel binds. */
  readonly largestBinding: number;
}

/** A picture whose features are on the GPU. */
export interface ImageSession extends Disposable {
  readonly width: number;
  readonly height: number;
  /**
   * @throws PromptError naming the option that cannot be; GpuError, for lack of memory too, after which the next call
   * works; DeviceLostError, also after `dispose()`; UnsupportedError where a part of the engine cannot be loaded; the
   * signal's reason
   */
  predict(options?: PredictOptions): Promise<Prediction>;
  /** Frees the features; later calls throw. */
  dispose(): void;
}

/** A model that is ready to segment. */
export interface Model extends Disposable {
  readonly config: ModelConfig;
  readonly adapter: AdapterSummary;
  /** Class names in order of their numbers; empty without a prompt predictor. */
  readonly classes: readonly string[];
  /** How its matrices are stored on the GPU. */
  readonly storage: WeightStorage;
  /** What its products multiply in. */
  readonly compute: Precision;
  /** The variants that were tuned for this device, by class of sizes; empty where defaults compute. */
  readonly tuned: TunedKernels;
  readonly memory: MemoryReport;
  /** Sentences that a person should see: about the weights file, and about tuning that could not be read or kept. */
  readonly warnings: readonly string[];
  /** Resolves when the GPU device is lost, also while nobody asks anything of it; never because of `dispose()`. */
  readonly lost: Promise<DeviceLostError>;
  /**
   * Encodes a picture once; its session then answers any number of prompts.
   *
   * @throws PictureError for what is no picture, is too large or cannot be read; GpuError, for lack of memory too, after
   * which the next call works; DeviceLostError, also after `dispose()`; UnsupportedError where a part of the engine cannot
   * be loaded; the signal's reason
   */
  setImage(source: PictureSource, options?: CallOptions): Promise<ImageSession>;
  /** Times every dispatch of the last picture's encoder and of its last prediction. */
  profile(): Promise<ProfileEntry[]>;
  /** Frees all GPU memory; sessions become unusable. */
  dispose(): void;
}
