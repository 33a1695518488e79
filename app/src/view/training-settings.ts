import { html, nothing, type TemplateResult } from 'lit-html';
import type { AppState } from '../state/state.ts';
import { INITIAL_CHOICES, type TrainingChoices } from '../state/training.ts';
import type { App } from './app.ts';
import { checkbox } from './mode.ts';

const AUGMENTATIONS: readonly (readonly [TrainingChoices['augment'], string])[] = [
  ['none', 'as they are'],
  ['mirror', 'and mirrored'],
  ['full', 'mirrored, turned, shifted'],
];
const PARTS: readonly (readonly [TrainingChoices['train'], string])[] = [
  ['ppn', 'prompt predictor'],
  ['ppn+lora', 'and the decoder (LoRA)'],
];
const MOST_SEED = 2 ** 32 - 1;

/** What few will change. */
export function trainingSettings(state: AppState, app: App): TemplateResult {
  const { choices, run } = state.training;
  const set = (change: Partial<TrainingChoices>) => app.store.dispatch({ type: 'training/choices', change });
  const fixed = run !== null;
  const hasQueries = state.engine.model?.hasPredictor ?? false;
  const { epochs, tokens, learningRate, seed } = choices;
  const isRunning = fixed && run.phase !== 'paused';
  return html`
    <details class="settings">
      <summary>Settings</summary>
      ${number('Epochs', 'epochs', epochs, { min: 1, max: 10_000, step: 1 }, fixed, (value) => set({ epochs: value }))}
      ${number('Learning rate', 'learning-rate', learningRate, { min: 0.000001, max: 0.1, step: 'any' }, isRunning, (value) => set({ learningRate: value }))}
      ${select('Learns', 'parts', PARTS, choices.train, fixed, (train) => set({ train }))}
      ${select('Views', 'augment', AUGMENTATIONS, choices.augment, fixed, (augment) => set({ augment }))}
      ${number('Tokens a class', 'tokens', tokens, { min: 1, max: 100, step: 1 }, fixed || hasQueries, (value) => set({ tokens: value }))}
      ${number('Seed', 'seed', seed, { min: 0, max: MOST_SEED, step: 1 }, fixed, (value) => set({ seed: value }))}
      ${fixed ? nothing : checkbox('Hold out every fifth', 'To measure Dice on; from five pictures on', choices.holdOut, () => set({ holdOut: !choices.holdOut }))}
      ${fixed ? nothing : html`<button class="quiet small" @click=${() => set(INITIAL_CHOICES)}>Defaults</button>`}
    </details>`;
}

function number(
  label: string,
  id: string,
  value: number,
  { min, max, step }: { readonly min: number; readonly max: number; readonly step: number | 'any' },
  disabled: boolean,
  set: (value: number) => void,
): TemplateResult {
  const change = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const typed = input.valueAsNumber;
    const whole = step === 'any' ? typed : Math.round(typed);
    if (Number.isFinite(whole)) set(Math.min(max, Math.max(min, whole)));
    else input.value = String(value);
  };
  return html`
    <label class="field"><span>${label}</span>
      <input type="number" id=${id} min=${min} max=${max} step=${step} .value=${String(value)} ?disabled=${disabled} @change=${change} /></label>`;
}

function select<Value extends string>(
  label: string,
  id: string,
  choices: readonly (readonly [Value, string])[],
  value: Value,
  disabled: boolean,
  set: (value: Value) => void,
): TemplateResult {
  const change = (event: Event) => {
    const chosen = (event.target as HTMLSelectElement).value;
    const [found] = choices.find(([each]) => each === chosen) ?? [];
    if (found) set(found);
  };
  return html`
    <label class="field"><span>${label}</span>
      <select id=${id} ?disabled=${disabled} @change=${change}>
        ${choices.map(([each, words]) => html`<option value=${each} .selected=${each === value}>${words}</option>`)}
      </select></label>`;
}
