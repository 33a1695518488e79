import { html, nothing, type TemplateResult } from 'lit-html';
import type { Box } from '../../../src/index.ts';
import type { Acts } from '../state/acts.ts';
import { parseCoordinates } from '../state/coordinates.ts';
import type { PromptPoint } from '../state/prompts.ts';
import { activePrompts, openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';

/** The active class's prompts in numbers: read, removed and typed here without a mouse. */
export function promptsSection(state: AppState, app: App): TemplateResult {
  const { acts } = app;
  const { box, points } = activePrompts(state);
  return html`
    <section aria-labelledby="prompts-title">
      <h2 id="prompts-title">Prompts</h2>
      ${box || points.length > 0 ? chips(box, points, acts) : nothing}
      <form class="coordinates" @submit=${(event: SubmitEvent) => submit(event, app)}>
        <input name="coordinates" aria-label="Coordinates" aria-describedby="coordinates-help" autocomplete="off"
          placeholder="x0, y0, x1, y1 or x, y" ?disabled=${openPicture(state) === null} />
        <button type="submit">Add</button>
      </form>
      <p class="hint" id="coordinates-help">In pixels of the picture. x, y, 0 excludes.</p>
    </section>`;
}

function chips(box: Box | null, points: readonly PromptPoint[], acts: Acts): TemplateResult {
  return html`
    <ul class="chips">
      ${box ? chip('box', `Box ${box.join(', ')}`, () => acts.setBox(null)) : nothing}
      ${points.map(({ x, y, label }, i) =>
        label === 1
          ? chip('positive', `+ ${x}, ${y}`, () => acts.removePoint(i))
          : chip('negative', `− ${x}, ${y}`, () => acts.removePoint(i)),
      )}
    </ul>`;
}

function chip(kind: string, words: string, remove: () => void): TemplateResult {
  return html`
    <li class=${`chip ${kind}`}><span>${words}</span>
      <button title="Remove" aria-label=${`Remove ${words}`} @click=${remove}>${icon('close')}</button></li>`;
}

function submit(event: SubmitEvent, { acts, store }: App): void {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const typed = parseCoordinates(String(new FormData(form).get('coordinates') ?? ''));
  if (typed.kind === 'error')
    store.dispatch({ type: 'session/notice', notice: { tone: 'error', text: typed.message } });
  else if (typed.kind === 'box') acts.setBox(typed.box);
  else acts.addPoint(typed.point);
  if (typed.kind !== 'error') form.reset();
}
