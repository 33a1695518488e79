import { html, nothing, type TemplateResult } from 'lit-html';
import { openLabel } from '../state/labels.ts';
import { allPrompts, modeOf, openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';

/** Over the foot of a picture that nobody has prompted yet: what to do, and for samples a box that does it. */
export function invitation(state: AppState, app: App): TemplateResult | typeof nothing {
  const picture = openPicture(state);
  const untouched = Object.keys(allPrompts(state)).length === 0;
  const asks = untouched && openLabel(state) === null && state.options.tool === 'prompt';
  if (!picture?.size || !asks || modeOf(state) === 'auto' || state.session.notice) return nothing;
  const { length } = picture.exampleBoxes;
  const example = html`<button @click=${() => showExample(state, app)}>Show ${length > 1 ? 'example boxes' : 'an example box'}</button>`;
  return html`
    <div class="invitation"><p>Drag a box around the object, or click on it.</p> ${length > 0 ? example : nothing}</div>`;
}

/** Samples know the boxes of their classes' true masks. */
function showExample(state: AppState, { acts }: App): void {
  (openPicture(state)?.exampleBoxes ?? []).forEach((box, i) => {
    acts.activate(i + 1);
    acts.setPrompts(box, []);
  });
  acts.activate(1);
}
