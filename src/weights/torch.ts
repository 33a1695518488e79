/** What is no safetensors file: the files of torch.save (pickles, zips, the legacy stream), or no checkpoint at all. */
export { refuseStrangers, unknownFile } from './strangers.ts';
export { openTorchLegacy } from './torch-legacy.ts';
export { openTorchZip } from './torch-zip.ts';
