/** Files dropped anywhere on the page, or pasted. `over` is told while something is held above it. */
export function acceptDrops(
  onFiles: (files: readonly File[]) => void,
  over: (isOver: boolean) => void,
): void {
  // Enter and leave are told for each element that is passed; the page is left when all are.
  let depth = 0;
  const change = (by: number) => {
    depth = Math.max(0, depth + by);
    over(depth > 0);
  };
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  window.addEventListener('dragenter', (event) => holdsFiles(event) && change(1));
  window.addEventListener('dragleave', (event) => holdsFiles(event) && change(-1));
  window.addEventListener('dragover', (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  window.addEventListener('drop', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
  window.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}

/** Opens the browser's file dialog. */
export function chooseFiles(accept: string, onFiles: (files: readonly File[]) => void): void {
  const input = document.createElement('input');
  Object.assign(input, { type: 'file', accept, multiple: true, hidden: true });
  input.addEventListener('change', () => onFiles([...(input.files ?? [])]));
  // An element that is nowhere in the page may be collected while the dialog is open.
  document.querySelector('#file-input')?.remove();
  input.id = 'file-input';
  document.body.append(input);
  input.click();
}
