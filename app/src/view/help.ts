import { html, type TemplateResult } from 'lit-html';
import { KEY_HELP } from '../keys.ts';
import type { AppState } from '../state/state.ts';
import { type App, setOptions } from './app.ts';
import { icon } from './icons.ts';
import { checkbox } from './mode.ts';

export function help(state: AppState, app: App): TemplateResult {
  const { letterKeys } = state.options;
  return html`
    <div class="section-head"><h2 id="help-title">Keys and mouse</h2>
      <button class="square" aria-label="Close" @click=${() => setOptions(app, { help: false })}>${icon('close')}</button></div>
    <dl class="keys">${KEY_HELP.map(([keys, does]) => html`<dt>${keys}</dt><dd>${does}</dd>`)}</dl>
    ${checkbox('Single letters and digits are shortcuts', '', letterKeys, () => setOptions(app, { letterKeys: !letterKeys }))}`;
}
