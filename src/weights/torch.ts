/** What reads the files of torch.save: pickles, zips, the legacy stream. */
export { openTorchLegacy } from './torch-legacy.ts';
export { openTorchZip } from './torch-zip.ts';
