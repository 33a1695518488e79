import { html, nothing, type TemplateResult } from 'lit-html';
import { countLabels } from '../state/labels.ts';
import type { Picture } from '../state/library.ts';
import type { AppState } from '../state/state.ts';
import { icon } from './icons.ts';

/** "4 of 12 accepted", as soon as there is a label. */
export function labelCount(state: AppState): TemplateResult | typeof nothing {
  const { labelled, accepted } = countLabels(state);
  if (labelled === 0) return nothing;
  return html`<p class="hint label-count">${accepted} of ${state.library.pictures.length} accepted</p>`;
}

/** Form as well as colour: a draft is a ring, an accepted label a tick. */
export function labelMark(state: AppState, { id }: Picture): TemplateResult | typeof nothing {
  const status = state.labels[id]?.status;
  if (status === undefined) return nothing;
  const words = status === 'accepted' ? 'label accepted' : 'draft label';
  return html`
    <span class=${`label-mark ${status}`} title=${words}>${status === 'accepted' ? icon('check') : nothing}<span class="words">${words}</span></span>`;
}
