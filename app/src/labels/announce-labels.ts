import { countLabels, openLabel } from '../state/labels.ts';
import type { AppState } from '../state/state.ts';
import type { Store } from '../state/store.ts';

/** Puts changes of the open picture's label into words, and the progress of "Segment the rest": `region` is aria-live. */
export function announceLabels(store: Store, region: HTMLElement): void {
  let before = store.state;
  store.subscribe(() => {
    const words = describeLabelChange(before, store.state);
    before = store.state;
    if (words !== null) region.textContent = words;
  });
}

/** null where nothing is to be said. */
export function describeLabelChange(before: AppState, now: AppState): string | null {
  if (now.rest !== null && before.rest === null) return `Segmenting ${now.rest.total} pictures.`;
  if (now.library.open !== before.library.open) return null;
  const [was, is] = [openLabel(before), openLabel(now)];
  if (was === is) return null;
  if (is === null) return 'Label removed.';
  if (is.status === 'accepted') return `Label accepted. ${countLabels(now).accepted} accepted.`;
  return was?.status === 'accepted' ? 'Label is a draft again.' : 'Label changed: draft.';
}
