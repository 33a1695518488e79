import { html, nothing, type TemplateResult } from 'lit-html';
import { duration } from '../../../src/training.ts';
import { cssColor } from '../palette.ts';
import type { Notice } from '../state/session.ts';
import type { AppState } from '../state/state.ts';
import type { RunState } from '../state/training.ts';
import { planOf, SUGGESTED, type TrainingPlan } from '../training/plan.ts';
import type { App } from './app.ts';
import { trainingChart } from './training-chart.ts';
import { trainingSettings } from './training-settings.ts';

/** What there is to learn from, the training under way, and how it goes. */
export function trainingCard(state: AppState, app: App): TemplateResult {
  const { run, curves, message } = state.training;
  return html`
    <section class="card" id="training" aria-labelledby="training-title">
      <h2 id="training-title">Train</h2>
      ${run ? progress(run) : readiness(state, app)}
      ${message ? remark(message) : nothing}
      ${trainingChart(curves, run?.steps ?? 0)}
      ${buttons(state, app)}
      ${trainingSettings(state, app)}
    </section>`;
}

export function remark({ tone, text }: Notice): TemplateResult {
  return html`<p class=${`remark ${tone}`} role=${tone === 'error' ? 'alert' : 'status'}>${text}</p>`;
}

function readiness(state: AppState, app: App): TemplateResult {
  const plan = planOf(state);
  const { training, validation, classNames } = plan;
  const all = [...training, ...validation];
  if (all.length === 0) return html`<p class="hint" id="readiness">${emptyWords(plan)}</p>`;
  const counts = app.work.seen.count(all, state);
  return html`
    <p id="readiness">${pictures(training.length)} to learn from${
      validation.length > 0 ? html`, ${validation.length} held out to measure Dice` : nothing
    }.</p>
    <ul class="counts">${classNames.map(
      (name, i) => html`
      <li><span class="dot" .style=${`background: ${cssColor(i + 1)}`}></span><span class="name">${name}</span>
        <span class=${counts.get(i + 1) ? '' : 'missing'}>${counts.get(i + 1) ? `in ${counts.get(i + 1)}` : 'in none'}</span></li>`,
    )}</ul>
    ${hints(plan).map((hint) => html`<p class="hint">${hint}</p>`)}`;
}

function emptyWords({ drafts, others }: TrainingPlan): string {
  if (drafts > 0) return `${pictures(drafts)} labelled, none accepted yet: accept what is right.`;
  if (others > 0) return `${pictures(others)} of another kind labelled, none of this one.`;
  return `Label a picture and accept its labels; ${SUGGESTED} are a good start.`;
}

function hints({ training, validation, drafts, others }: TrainingPlan): string[] {
  const accepted = training.length + validation.length;
  return [
    ...(accepted < SUGGESTED ? [`${SUGGESTED} pictures are a good start.`] : []),
    ...(drafts > 0 ? [`${pictures(drafts)} not accepted yet.`] : []),
    ...(others > 0 ? [`${pictures(others)} of another kind left out.`] : []),
  ];
}

const pictures = (count: number) => `${count} ${count === 1 ? 'picture' : 'pictures'}`;

const PREPARING: Readonly<Record<RunState['prepared']['stage'], string>> = {
  tune: 'Timing kernels on this device',
  pictures: 'Preparing the pictures',
};

const WORDS: Readonly<Record<Exclude<RunState['phase'], 'preparing'>, string>> = {
  training: 'Training',
  pausing: 'Pausing after this step',
  saving: 'Writing the model',
  paused: 'Paused',
};

function progress({
  phase,
  prepared,
  step,
  steps,
  epochs,
  millisecondsLeft,
  training,
  validation,
}: RunState): TemplateResult {
  const isPreparing = phase === 'preparing';
  const words = isPreparing ? PREPARING[prepared.stage] : WORDS[phase];
  const [done, all] = isPreparing ? [prepared.loaded, prepared.total] : [step, steps];
  const epoch = Math.max(1, Math.ceil((step * epochs) / Math.max(1, steps)));
  const where = isPreparing ? `${done} of ${all}` : `step ${step} of ${steps}, epoch ${epoch} of ${epochs}`;
  const left = phase === 'training' && millisecondsLeft !== null ? `${duration(millisecondsLeft)} left` : '';
  return html`
    <div class="loading" role="group" aria-label="Training">
      <p class="training-phase"><span>${words}</span><output id="time-left" aria-live="off">${left}</output></p>
      <progress max=${Math.max(1, all)} .value=${done} aria-label=${words}></progress>
      <p class="hint" id="training-at">${where}</p>
      <p class="hint">Learns from ${pictures(training)}${validation > 0 ? `, measured on ${validation}` : ''}.</p>
    </div>`;
}

function buttons(state: AppState, { work }: App): TemplateResult {
  const { run } = state.training;
  const { model, unsupported } = state.engine;
  if (run === null) {
    const none = planOf(state).training.length === 0;
    const words = model?.hasPredictor ? 'Train on' : 'Train';
    const title = model?.hasPredictor
      ? 'Go on from the model that is loaded'
      : 'Teach the loaded model to find this by itself';
    return html`
      <div class="row">
        <button class="primary" id="train" title=${title} aria-describedby="readiness"
          ?disabled=${none || model === null || unsupported !== null} @click=${() => void work.training.start()}>${words}</button>
      </div>`;
  }
  const isPaused = run.phase === 'paused';
  const isEnding = run.phase === 'pausing' || run.phase === 'saving';
  return html`
    <div class="row">
      ${
        isPaused
          ? html`<button class="primary" id="resume" @click=${() => void work.training.resume()}>Go on</button>`
          : html`<button id="pause" ?disabled=${isEnding} @click=${() => work.training.pause()}>Pause</button>`
      }
      <button class="quiet" id="cancel" ?disabled=${run.phase === 'saving'} @click=${() => work.cancelTraining()}>Cancel</button>
    </div>`;
}
