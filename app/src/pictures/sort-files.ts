const CHECKPOINT = /\.(pt|pth|ckpt|safetensors)$/i;
const ZIP = /\.zip$/i;

/** What was dropped: zips and checkpoints by their names, and everything else as what may be a picture. */
export function sortFiles(files: readonly File[]): { zips: File[]; checkpoints: File[]; others: File[] } {
  return {
    zips: files.filter(({ name }) => ZIP.test(name)),
    checkpoints: files.filter(({ name }) => CHECKPOINT.test(name)),
    others: files.filter(({ name }) => !CHECKPOINT.test(name) && !ZIP.test(name)),
  };
}
