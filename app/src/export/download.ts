import type { Picture } from '../state/library.ts';
import { classList } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import { overlayPng } from './overlay.ts';
import { greyPng } from './png.ts';
import { report } from './report.ts';

export type Download = 'mask' | 'overlay' | 'json';

/** The file of the masks on show, by the name that the command line gives it; null where there are none. */
export async function makeDownload(
  kind: Download,
  state: AppState,
  picture: Picture,
  bitmap: ImageBitmap,
): Promise<File | null> {
  const { result } = state.session;
  if (result === null) return null;
  const { stem } = picture;
  if (kind === 'mask') {
    const png = await greyPng(result.classMap, result.width, result.height);
    return new File([png], `${stem}_mask.png`, { type: 'image/png' });
  }
  if (kind === 'overlay') {
    const { opacity, fill, contour } = state.options;
    const visible = classList(state).map((entry) => entry.visible);
    const png = await overlayPng(bitmap, result, { opacity, fill, contour, visible });
    return new File([png], `${stem}_overlay.png`, { type: 'image/png' });
  }
  const json = JSON.stringify(report(state, picture), null, 2);
  return new File([json], `${stem}.json`, { type: 'application/json' });
}

export function save(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // The browser reads the file after this; a minute is enough for any size.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
