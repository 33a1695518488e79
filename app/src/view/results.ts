import { html, nothing, type TemplateResult } from 'lit-html';
import type { ClassResult } from '../engine/protocol.ts';
import { cssColor } from '../palette.ts';
import { activeClass, classList } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import type { App } from './app.ts';
import { count, milliseconds, score, signed } from './format.ts';
import { icon } from './icons.ts';

export function resultsSection(state: AppState, app: App): TemplateResult {
  const { result, encodeMilliseconds } = state.session;
  const results = result?.results ?? [];
  const encode = encodeMilliseconds === null ? nothing : html`encoded in ${milliseconds(encodeMilliseconds)}`;
  const predict = result === null ? nothing : html`predicted in ${milliseconds(result.milliseconds)}`;
  return html`
    <section aria-labelledby="results-title">
      <h2 id="results-title">Result</h2>
      ${results.length === 0 ? html`<p class="hint">No mask yet.</p>` : table(state, results)}
      ${results.map((entry) => (entry.classNumber === activeClass(state) ? candidates(entry, app) : nothing))}
      <p class="hint times">${encode}${encode !== nothing && predict !== nothing ? ' · ' : ''}${predict}</p>
      ${downloads(app, results.length === 0)}
    </section>`;
}

function table(state: AppState, results: readonly ClassResult[]): TemplateResult {
  const names = classList(state);
  return html`
    <table class="results">
      <thead><tr><th scope="col">Class</th><th scope="col" title="The model's own estimate of its mask's IoU">IoU est.</th>
        <th scope="col" title="Over 0: the object is there">Object</th><th scope="col">Area, px</th></tr></thead>
      <tbody>${results.map(
        ({ classNumber, iou, objectScore, area }) => html`
        <tr data-class=${classNumber}><th scope="row"><span class="dot" .style=${`background: ${cssColor(classNumber)}`}></span>${names[classNumber - 1]?.name ?? classNumber}</th>
          <td>${score(iou)}</td><td>${objectScore === null ? '–' : signed(objectScore)}</td><td>${count(area)}</td></tr>`,
      )}
      </tbody>
    </table>`;
}

/** Multimask: the three masks to choose from. */
function candidates({ choices, chosen }: ClassResult, { acts }: App): TemplateResult | typeof nothing {
  if (choices.length === 0) return nothing;
  return html`
    <div class="segmented choices candidates" role="group" aria-label="Candidates">
      ${choices.map(
        ({ iou, area }, i) => html`
        <button aria-pressed=${i === chosen ? 'true' : 'false'} title=${`${count(area)} pixels`}
          @click=${() => acts.choose(i)}>${i + 1}<small>IoU ${score(iou)}</small></button>`,
      )}
    </div>`;
}

function downloads(app: App, disabled: boolean): TemplateResult {
  const button = (kind: 'mask' | 'overlay' | 'json', label: string, title: string) => html`
    <button ?disabled=${disabled} title=${title} @click=${() => app.download(kind)}>${icon('download')}<span>${label}</span></button>`;
  return html`
    <div class="row downloads">
      ${button('mask', 'Mask', 'PNG of class numbers at the size of the picture')}
      ${button('overlay', 'Overlay', 'PNG of the picture with its masks')}
      ${button('json', 'JSON', 'Scores, boxes, areas, prompts and model')}
    </div>`;
}
