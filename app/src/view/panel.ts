import { html, type TemplateResult } from 'lit-html';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { classesSection } from './classes.ts';
import { labelsSection } from './labels.ts';
import { modeSection } from './mode.ts';
import { modelCard } from './model-card.ts';
import { promptsSection } from './prompts.ts';
import { resultsSection } from './results.ts';
import { trainingCard } from './training.ts';
import { modelsCard, storageCard } from './training-kept.ts';

export function panel(state: AppState, app: App): TemplateResult {
  return html`
    ${modelCard(state, app)} ${modeSection(state, app)} ${classesSection(state, app)} ${labelsSection(state, app)} ${promptsSection(state, app)} ${resultsSection(state, app)}
    ${trainingCard(state, app)} ${modelsCard(state, app)} ${storageCard(state, app)}`;
}
