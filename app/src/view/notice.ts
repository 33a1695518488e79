import { html, nothing, type TemplateResult } from 'lit-html';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';

/** One sentence at the foot of the viewer, never in the way. */
export function noticeBar(state: AppState, { store }: App): TemplateResult | typeof nothing {
  const { notice } = state.session;
  if (notice === null) return nothing;
  const close = () => store.dispatch({ type: 'session/notice', notice: null });
  return html`
    <div class=${`notice ${notice.tone}`} role=${notice.tone === 'error' ? 'alert' : 'status'}>
      <p>${notice.text}</p>
      <button class="square" title="Close" aria-label="Close this message" @click=${close}>${icon('close')}</button>
    </div>`;
}
