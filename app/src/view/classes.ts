import { html, nothing, type TemplateResult } from 'lit-html';
import { cssColor } from '../palette.ts';
import { type ClassEntry, MAX_USER_CLASSES } from '../state/classes.ts';
import { activeClass, classList } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { icon } from './icons.ts';

export function classesSection(state: AppState, app: App): TemplateResult {
  const list = classList(state);
  const active = activeClass(state);
  const fixed = state.engine.model?.hasPredictor ?? false;
  return html`
    <section aria-labelledby="classes-title">
      <div class="section-head"><h2 id="classes-title">Classes</h2>
        ${
          fixed || list.length >= MAX_USER_CLASSES
            ? nothing
            : html`
          <button class="quiet small" title="Add a class" @click=${() => app.acts.addClass()}>${icon('plus')}<span>Add</span></button>`
        }
      </div>
      <ul class="classes">${list.map((entry, i) => row(app, entry, i + 1, active === i + 1, fixed))}</ul>
      ${fixed ? html`<p class="muted">What this model has learned. To teach others, begin with Plain SAM2.</p>` : nothing}
    </section>`;
}

function row(
  app: App,
  entry: ClassEntry,
  classNumber: number,
  active: boolean,
  fixed: boolean,
): TemplateResult {
  const { acts } = app;
  const words = `${entry.visible ? 'Hide' : 'Show'} ${entry.name}`;
  const rename = (event: Event) => {
    const name = (event.target as HTMLInputElement).value.trim();
    if (name !== '') acts.renameClass(classNumber, name);
  };
  return html`
    <li class=${active ? 'active' : ''}>
      <button class="choose" aria-pressed=${active ? 'true' : 'false'} title=${`Prompt this class (${classNumber})`}
        @click=${() => acts.activate(classNumber)}>
        <span class="swatch" .style=${`background: ${cssColor(classNumber)}`}>${classNumber}</span>
        ${fixed || !active ? html`<span class="name">${entry.name}</span>` : nothing}
      </button>
      ${!fixed && active ? html`<input class="name" aria-label="Name of the class" maxlength="40" .value=${entry.name} @change=${rename} />` : nothing}
      <button class="square" title=${words} aria-label=${words} aria-pressed=${entry.visible ? 'true' : 'false'}
        @click=${() => acts.toggleClass(classNumber)}>${icon(entry.visible ? 'eye' : 'eyeOff')}</button>
    </li>`;
}
