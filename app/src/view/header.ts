import { html, type TemplateResult } from 'lit-html';
import { type App, setOptions } from './app.ts';
import { icon } from './icons.ts';

export function header(app: App): TemplateResult {
  return html`
    <div class="brand"><img src="favicon.svg" alt="" width="26" height="26" />
      <div><h1>Sam2Rad</h1><p>Ultrasound segmentation, in this browser</p></div>
    </div>
    <p class="badge">Research use only &ndash; not a medical device</p>
    <p class="privacy">${icon('lock')}<span>Pictures stay on this computer</span></p>
    <button class="quiet" title="Keys and mouse (?)" @click=${() => setOptions(app, { help: true })}>
      ${icon('keyboard')}<span>Keys</span>
    </button>`;
}
