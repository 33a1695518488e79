import { html, nothing, type TemplateResult } from 'lit-html';
import { openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import { percent } from './format.ts';

/** The line under the viewer: what is open, what is going on. The pointer's position is written beside it. */
export function statusLine(state: AppState): TemplateResult {
  const picture = openPicture(state);
  const { activity } = state.session;
  const size = picture?.size
    ? html`<span class="muted">${picture.size.width} × ${picture.size.height}</span>`
    : nothing;
  return html`
    <span class="picture-name">${picture?.name ?? 'No picture'}</span> ${size}
    <span class="activity">${activityWords(state)}</span>
    ${activity.kind === 'encoding' ? html`<progress max="1" .value=${activity.done} aria-label="Preparing the picture"></progress>` : nothing}`;
}

function activityWords({ session, engine }: AppState): string {
  const { activity } = session;
  if (activity.kind === 'decoding') return 'Reading the picture';
  if (activity.kind === 'encoding') return `Preparing the picture ${percent(activity.done)}`;
  if (activity.kind === 'predicting') return 'Segmenting';
  return engine.model === null && engine.loading ? 'Loading the model' : '';
}
