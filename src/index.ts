/**
 * sam2rad-webgpu: SAM2 and Sam2Rad on WebGPU, without a runtime dependency. Research use only, not a medical device.
 */
export {
  CheckpointError,
  DeviceLostError,
  GpuError,
  PictureError,
  PromptError,
  Sam2RadError,
  ShapeError,
  UnsupportedError,
} from './errors.ts';
export type { AdapterSummary } from './gpu/device.ts';
export type { ProfileEntry } from './gpu/executor.ts';
export type { Precision, WeightStorage } from './gpu/kernel.ts';
export type { GraphTraits, TunedKernels } from './graph/graph.ts';
export { describeModel, type ModelCost, type StageCost, type StorageCost } from './tasks/describe.ts';
export { download } from './tasks/download.ts';
export { loadModel, readConfig } from './tasks/load.ts';
export type * from './tasks/types.ts';
export { browserTuning } from './web/browser-tuning.ts';
export * from './web/mask.ts';
export type { PictureSource, RawPicture } from './web/picture.ts';
export type {
  DatasetConfig,
  DecoderConfig,
  EncoderConfig,
  HieraConfig,
  ModelConfig,
  ModelSize,
  PromptPredictorConfig,
  TinyViTConfig,
  ViTConfig,
} from './weights/config.ts';
