import { html, nothing, type TemplateResult } from 'lit-html';
import type { Mode } from '../state/options.ts';
import { modeOf } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import { type App, setOptions } from './app.ts';

const NO_PREDICTOR = 'Automatic needs a Sam2Rad model: this one has no prompt predictor.';

export function modeSection(state: AppState, app: App): TemplateResult {
  const { model } = state.engine;
  const mode = model && modeOf(state);
  const noAuto = model !== null && !model.hasPredictor;
  const button = (value: Mode, label: string, disabled: boolean) => html`
    <button aria-pressed=${mode === value ? 'true' : 'false'} ?disabled=${disabled || model === null}
      aria-describedby=${noAuto ? 'no-auto' : nothing} @click=${() => setOptions(app, { mode: value })}>${label}</button>`;
  return html`
    <section aria-labelledby="mode-title">
      <h2 id="mode-title">Mode</h2>
      <div class="segmented choices" role="group" aria-labelledby="mode-title">
        ${button('auto', 'Automatic', noAuto)} ${button('manual', 'Manual', false)}
      </div>
      ${noAuto ? html`<p class="hint" id="no-auto">${NO_PREDICTOR}</p>` : nothing}
      ${mode === 'manual' ? candidatesChoice(state, app) : nothing}
      ${mode === 'auto' ? [refineChoice(state, app), learnedBoxesChoice(state, app)] : nothing}
    </section>`;
}

function candidatesChoice(state: AppState, app: App): TemplateResult {
  const { multimask } = state.options;
  const toggle = () => setOptions(app, { multimask: !multimask });
  return checkbox('Three candidates', 'Multimask: choose one of three masks', multimask, toggle);
}

function refineChoice(state: AppState, app: App): TemplateResult {
  const { refine } = state.options;
  return html`
    <label class="field"><span>Corrections</span>
      <select .value=${refine} @change=${(event: Event) =>
        setOptions(app, {
          refine: (event.target as HTMLSelectElement).value === 'logits' ? 'logits' : 'learned',
        })}>
        <option value="learned">join the learned prompts</option>
        <option value="logits">refine the automatic mask</option>
      </select></label>`;
}

function learnedBoxesChoice(state: AppState, app: App): TemplateResult {
  const { learnedBoxes } = state.options;
  const toggle = () => setOptions(app, { learnedBoxes: !learnedBoxes });
  return checkbox(
    'Learned box',
    'The box that the prompt predictor made, which a mask need not fill',
    learnedBoxes,
    toggle,
  );
}

export function checkbox(label: string, title: string, checked: boolean, toggle: () => void): TemplateResult {
  return html`
    <label class="check" title=${title}><input type="checkbox" .checked=${checked} @change=${toggle} />
      <span>${label}</span></label>`;
}
