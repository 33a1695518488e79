import { html, nothing, type TemplateResult } from 'lit-html';
import { DEMOS, type Demo } from '../demos.ts';
import { modelTitle } from '../engine/model-title.ts';
import type { LoadedModel } from '../engine/protocol.ts';
import { chooseFiles } from '../pictures/drop.ts';
import type { Loading } from '../state/engine.ts';
import type { StorageChoice } from '../state/options.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { bytes, count, percent } from './format.ts';
import { icon } from './icons.ts';

const CHECKPOINTS = '.pt,.pth,.ckpt,.safetensors';
const STAGES = [
  ['download', 'Download'],
  ['tune', 'Tune'],
  ['weights', 'Weights'],
  ['compile', 'Compile'],
] as const;

export function modelCard(state: AppState, app: App): TemplateResult {
  const { model, loading } = state.engine;
  return html`
    <section class="card" aria-labelledby="model-title">
      <h2 id="model-title">Model</h2>
      ${model ? facts(model) : nothing}
      ${model ? storageChoice(state, app) : nothing}
      ${loading ? progress(loading, app) : nothing}
      ${!model && !loading ? html`<p class="muted">No model is loaded.</p>` : nothing}
      <div class="row">
        <button @click=${() => chooseFiles(CHECKPOINTS, (files) => app.openFiles(files))}>
          ${icon('model')}<span>Open checkpoint</span>
        </button>
        ${loading ? nothing : DEMOS.filter(({ file }) => file !== model?.name).map((demo) => demoButton(demo, app))}
      </div>
    </section>`;
}

const STORAGES: readonly (readonly [StorageChoice, string])[] = [
  ['auto', 'as in the file, or as fits'],
  ['f32', '32 bits'],
  ['f16', '16 bits'],
  ['q8', '8 bits'],
];

/** What is chosen; beside it, in the facts, stands what came of it. */
function storageChoice({ options, engine }: AppState, app: App): TemplateResult {
  const choose = (event: Event) => {
    const { value } = event.target as HTMLSelectElement;
    const [storage] = STORAGES.find(([each]) => each === value) ?? [];
    if (storage) app.chooseStorage(storage);
  };
  return html`
    <label class="field"><span>Weights</span>
      <select id="storage" .value=${options.storage} ?disabled=${engine.loading !== null} @change=${choose}>
        ${STORAGES.map(([storage, label]) => html`<option value=${storage}>${label}</option>`)}
      </select></label>`;
}

function demoButton(demo: Demo, app: App): TemplateResult {
  return html`<button class="quiet" title=${demo.hint} @click=${() => app.loadDemo(demo)}>${demo.title}</button>`;
}

function facts(model: LoadedModel): TemplateResult {
  const { config, adapter, memory, hasPredictor, storage } = model;
  const rows: readonly (readonly [string, string])[] = [
    ['Family', modelTitle(model)],
    ['Input', `${config.imageSize} × ${config.imageSize}`],
    [
      'Prompt predictor',
      hasPredictor
        ? `yes, ${count(model.classes.length)} ${model.classes.length === 1 ? 'class' : 'classes'}`
        : 'none',
    ],
    ['Stored as', storage],
    ['Adapter', adapterName(adapter)],
    ['GPU memory', `${bytes(memory.weights)} weights + ${bytes(memory.planned)}`],
  ];
  return html`
    <p class="model-name" title=${model.name}>${model.name}</p>
    <dl class="facts">${rows.map(([term, value]) => html`<dt>${term}</dt><dd title=${value}>${value}</dd>`)}</dl>`;
}

function adapterName({ vendor, architecture, description }: LoadedModel['adapter']): string {
  return (
    description ||
    [vendor, architecture].filter((word) => word !== '').join(' ') ||
    'not named by the browser'
  );
}

function progress({ name, stages }: Loading, app: App): TemplateResult {
  // Most loads find their kernels timed before.
  const shown = STAGES.filter(([stage]) => stage !== 'tune' || stages.tune);
  return html`
    <div class="loading" role="group" aria-label=${`Loading ${name}`}>
      <p class="loading-name"><span>Loading ${name}</span>
        <button class="quiet small" @click=${() => app.cancelLoad()}>Cancel</button></p>
      ${shown.map(([stage, label]) => stageRow(label, stages[stage]))}
    </div>`;
}

/** A bar that is empty before its stage begins, and moves without saying how far where nobody knows. */
function stageRow(label: string, at: { loaded: number; total: number } | undefined): TemplateResult {
  const share = at === undefined ? 0 : at.total > 0 ? at.loaded / at.total : null;
  const words = at === undefined ? '' : share === null ? bytes(at.loaded) : percent(share);
  const bar =
    share === null
      ? html`<progress aria-label=${label}></progress>`
      : html`<progress aria-label=${label} max="1" .value=${share}></progress>`;
  return html`<div class="stage-row"><span>${label}</span>${bar}<output aria-live="off">${words}</output></div>`;
}
