/**
 * sam2rad-webgpu/training: teaches a prompt predictor on WebGPU, and runs without a page or Node. Apart from the engine,
 * so that who only segments carries no gradient.
 */
export type { AdapterSummary } from './gpu/device.ts';
export type { GraphTraits, TunedKernels } from './graph/graph.ts';
export type { MemoryLimits } from './tasks/storage.ts';
export { TrainingSettingsError } from './tasks/train/check.ts';
export * from './tasks/train/curves.ts';
export * from './tasks/train/job.ts';
export { planTraining, type TrainingLimits, type TrainingMemory } from './tasks/train/memory.ts';
export { inReferenceLayout } from './tasks/train/reference.ts';
export { openTrainingRun } from './tasks/train/run.ts';
export type { TrainedParts } from './tasks/train/trained.ts';
export type { StepLosses } from './tasks/train/trainer.ts';
export type { Augmentation } from './tasks/train/view.ts';
export type { TuningStore } from './tasks/types.ts';
export type { PictureSource, RawPicture } from './web/picture.ts';
export type { ModelConfig } from './weights/config.ts';
