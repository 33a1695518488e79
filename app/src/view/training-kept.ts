import { html, nothing, type TemplateResult } from 'lit-html';
import { chooseFiles } from '../pictures/drop.ts';
import type { AppState } from '../state/state.ts';
import type { KeptModel, Place } from '../state/workspace.ts';
import type { App } from './app.ts';
import { bytes, score } from './format.ts';
import { icon } from './icons.ts';
import { remark } from './training.ts';

/** The models that were trained here. */
export function modelsCard(state: AppState, app: App): TemplateResult | typeof nothing {
  const { models } = state.workspace;
  if (models.length === 0) return nothing;
  return html`
    <section aria-labelledby="models-title">
      <h2 id="models-title">Trained models</h2>
      <ul class="models">${models.map((model) => entry(model, app))}</ul>
    </section>`;
}

function entry(model: KeptModel, { work }: App): TemplateResult {
  const isInUse = work.inUse?.file === model.file;
  const { name, pictures, dice, steps } = model;
  const facts = [
    ...(dice === null ? [] : [`Dice ${score(dice)}`]),
    ...(pictures > 0 ? [`${pictures} ${pictures === 1 ? 'picture' : 'pictures'}, ${steps} steps`] : []),
    ...(model.bytes > 0 ? [bytes(model.bytes)] : []),
  ];
  const stem = name.replace(/\.safetensors$/, '');
  const action = (words: string, label: string, act: () => void) => html`
    <button class="quiet small" title=${words} aria-label=${`${words}: ${stem}`} @click=${act}>${label}</button>`;
  return html`
    <li class=${isInUse ? 'active' : ''}>
      <p class="model-name" title=${name}>${stem}</p>
      <p class="hint">${facts.join(' · ')}</p>
      <div class="model-actions">
        ${
          isInUse
            ? html`<span class="in-use">in use</span>`
            : html`<button class="small" aria-label=${`Use ${stem}`} @click=${() => void work.choose(model)}>Use</button>`
        }
        ${action('Download', 'Download', () => void work.download(model, 'canonical'))}
        ${action("Download with the keys of PyTorch's reference", 'PyTorch', () => void work.download(model, 'reference'))}
        <button class="quiet small square" title="Delete" aria-label=${`Delete ${stem}`} @click=${() => work.deleteModel(model)}>${icon('close')}</button>
      </div>
    </li>`;
}

const PLACES: Readonly<Record<Place, string>> = {
  opening: 'Opening the kept work',
  kept: 'Kept in this browser',
  full: 'The storage is full: new work is in memory',
  failed: 'The storage does not answer: new work is in memory',
  memory: 'This browser keeps nothing (a private window?): work lasts until this page is closed',
  elsewhere: 'Another tab keeps the work: what is done here is lost when this page is closed',
};

/** Where the work is, and how it gets in and out. */
export function storageCard(state: AppState, { work }: App): TemplateResult {
  const { place, usage, busy, message } = state.workspace;
  const isEmpty =
    state.workspace.models.length === 0 &&
    !Object.keys(state.labels).length &&
    !state.library.pictures.some((p) => p.removable);
  const amount = usage === null || place === 'memory' ? '' : `, ${bytes(usage)}`;
  const choose = () => chooseFiles('.zip,application/zip', (zips) => void work.import(zips));
  return html`
    <section aria-labelledby="work-title" id="work">
      <h2 id="work-title">Your work</h2>
      <p class=${place === 'kept' || place === 'opening' ? 'hint' : 'remark error'} id="work-place">${PLACES[place]}${amount}.</p>
      ${message ? remark(message) : nothing}
      <div class="row work-actions">
        <button title="Pictures, labels and models as one zip that sam2rad train reads" ?disabled=${isEmpty || busy !== null} @click=${() => void work.export()}>Export</button>
        <button title="A zip of this page, or one with imgs/ and gts/" ?disabled=${busy !== null} @click=${choose}>Import</button>
        <button ?disabled=${isEmpty || busy !== null} @click=${() => void work.erase()}>Erase</button>
      </div>
      ${busy ? html`<p class="hint" role="status">${busy}</p>` : nothing}
    </section>`;
}
