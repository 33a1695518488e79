import { html, nothing, type TemplateResult } from 'lit-html';
import { type LabelStatus, nextToAccept, openLabel, proposedClasses } from '../state/labels.ts';
import { openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';

const RULE = 'A pixel has one class: the one that was kept or painted last.';
const STATES: Readonly<Record<LabelStatus | 'none', string>> = {
  none: 'No label yet',
  draft: 'Draft',
  accepted: 'Accepted: in the training set',
};

/** The label of the open picture, and the way from a proposed mask to a training set. */
export function labelsSection(state: AppState, app: App): TemplateResult {
  const { labelling } = app;
  const status = openLabel(state)?.status ?? 'none';
  const hasProposal = proposedClasses(state).length > 0;
  const isOpen = (openPicture(state)?.size ?? null) !== null;
  return html`
    <section aria-labelledby="labels-title" class="labels">
      <div class="section-head"><h2 id="labels-title">Label</h2>
        <span class=${`label-state ${status}`}>${STATES[status]}</span></div>
      <div class="row pair">
        <button ?disabled=${!hasProposal} title="Masks on show become the label of their classes (K; Shift + K: beside what is there)"
          @click=${() => labelling.keep()}>Keep as label</button>
        ${
          status === 'accepted'
            ? html`<button title="Takes the label out of the training set" @click=${() => labelling.takeBack()}>Back to draft</button>`
            : html`<button class="accept" ?disabled=${status === 'none' && !hasProposal} title="Into the training set, and on to the next picture (A)"
                @click=${() => labelling.accept()}>${icon('check')}<span>Accept</span></button>`
        }
      </div>
      ${
        status === 'none'
          ? html`
        <div class="row pair">
          <button class="quiet small" ?disabled=${!isOpen || hasProposal} title="None of the classes is in this picture"
            @click=${() => labelling.markEmpty()}>Nothing to see</button>${nextButton(state, app)}</div>`
          : html`
        <div class="row pair">
          <button class="quiet small" title="Removes the label (R)" @click=${() => labelling.remove()}>${status === 'draft' ? 'Reject' : 'Remove'}</button>
          <button class="quiet small download-label" title="PNG of class numbers at the size of the picture" @click=${() => app.downloadLabel()}>Download</button>${nextButton(state, app)}</div>`
      }
      <p class="hint">${RULE}</p>
      ${restOfPictures(state, app)}
    </section>`;
}

function nextButton(state: AppState, { labelling }: App): TemplateResult {
  return html`
    <button class="quiet small" ?disabled=${nextToAccept(state) === null} title="Next picture that is not accepted (N)"
      @click=${() => labelling.next()}>Next</button>`;
}

/** Where a trained model is loaded: drafts for all pictures that have no label. */
function restOfPictures(state: AppState, { rest }: App): TemplateResult | typeof nothing {
  if (state.rest !== null) {
    const { done, total } = state.rest;
    return html`
      <div class="rest-progress"><span>Segmenting ${done + 1} of ${total}</span>
        <button class="quiet small" @click=${() => rest.cancel()}>Cancel</button>
        <progress max=${total} .value=${done} aria-label="Segmenting the rest"></progress></div>`;
  }
  if (!state.engine.model?.hasPredictor) return nothing;
  const left = state.library.pictures.filter(({ id }) => state.labels[id] === undefined).length;
  return html`
    <button class="wide" ?disabled=${left === 0} title="Makes a draft of every picture without a label"
      @click=${() => void rest.start()}>Segment the rest (${left})</button>`;
}
