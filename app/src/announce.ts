import type { SceneResult } from './engine/protocol.ts';
import type { ClassEntry } from './state/classes.ts';
import { classList } from './state/select.ts';
import type { Store } from './state/store.ts';
import { count, score } from './view/format.ts';

/** Puts what changed on the screen into words, for screen readers: `region` is an aria-live element. */
export function announceChanges(store: Store, region: HTMLElement): void {
  let { result, activity } = store.state.session;
  store.subscribe(() => {
    const now = store.state.session;
    if (now.result !== result && now.result !== null)
      region.textContent = describeResult(now.result, classList(store.state));
    else if (now.result !== result) region.textContent = 'Masks cleared.';
    else if (now.activity.kind === 'encoding' && activity.kind !== 'encoding')
      region.textContent = 'Preparing the picture.';
    ({ result, activity } = now);
  });
}

export function describeResult({ results }: SceneResult, classes: readonly ClassEntry[]): string {
  const masks = results.map(({ classNumber, area, iou }) => {
    const name = classes[classNumber - 1]?.name ?? `Class ${classNumber}`;
    return area === 0
      ? `${name}: nothing found.`
      : `${name}: area ${count(area)} pixels, score ${score(iou)}.`;
  });
  return ['Mask updated.', ...masks].join(' ');
}
