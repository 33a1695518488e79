const CHECKPOINT = /\.(pt|pth|ckpt|safetensors)$/i;

/** What was dropped: checkpoints by their names, and everything else as what may be a picture. */
export function sortFiles(files: readonly File[]): { checkpoints: File[]; others: File[] } {
  return {
    checkpoints: files.filter(({ name }) => CHECKPOINT.test(name)),
    others: files.filter(({ name }) => !CHECKPOINT.test(name)),
  };
}
