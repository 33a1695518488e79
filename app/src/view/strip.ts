import { html, nothing, type TemplateResult } from 'lit-html';
import { chooseFiles } from '../pictures/drop.ts';
import type { Picture } from '../state/library.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import { labelCount, labelMark } from './labels-strip.ts';

const PICTURES = 'image/png,image/jpeg,image/webp';

export function strip(state: AppState, app: App): TemplateResult {
  const { pictures, open } = state.library;
  return html`
    <h2>Pictures</h2>
    ${labelCount(state)}
    <ul>${pictures.map((picture) => entry(state, app, picture, picture.id === open))}</ul>
    <button class="wide" @click=${() => chooseFiles(PICTURES, (files) => app.openFiles(files))}>
      ${icon('folder')}<span>Open pictures</span>
    </button>
    <p class="hint">or drop them here: PNG, JPEG, WebP</p>`;
}

function entry(state: AppState, app: App, picture: Picture, isOpen: boolean): TemplateResult {
  const prompted = Object.keys(state.prompts[picture.id]?.present.prompts ?? {}).length > 0;
  return html`
    <li class=${isOpen ? 'open' : ''}>
      <button class="thumbnail" aria-current=${isOpen ? 'true' : 'false'} @click=${() => app.openPicture(picture.id)}>
        <img src=${picture.thumbnail} alt="" loading="lazy" decoding="async" />
        <span class="name">${picture.name}</span>
        ${labelMark(state, picture)}
        ${prompted ? html`<span class="mark" title="Has prompts"><span class="words">has prompts</span></span>` : nothing}
      </button>
      ${picture.removable ? removeButton(app, picture) : nothing}
    </li>`;
}

function removeButton(app: App, picture: Picture): TemplateResult {
  const words = `Remove ${picture.name} from the list`;
  return html`
    <button class="remove" title=${words} aria-label=${words} @click=${() => app.removePicture(picture.id)}>
      ${icon('close')}
    </button>`;
}
