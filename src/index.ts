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
export { loadModel } from './tasks/load.ts';
export type * from './tasks/types.ts';
