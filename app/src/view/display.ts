import { html, type TemplateResult } from 'lit-html';
import type { AppState } from '../state/state.ts';
import { type App, setOptions } from './app.ts';
import { percent } from './format.ts';
import { checkbox } from './mode.ts';

/** How the masks are shown: part of the toolbar. */
export function displayGroup(state: AppState, app: App): TemplateResult {
  const { opacity, fill, contour, labels } = state.options;
  const slide = (event: Event) =>
    setOptions(app, { opacity: Number((event.target as HTMLInputElement).value) });
  return html`
    <div class="group display" role="group" aria-label="Overlay">
      ${checkbox('Label', 'The label that was kept or painted', labels, () => setOptions(app, { labels: !labels }))}
      ${checkbox('Contour', 'Outline of each mask (C)', contour, () => setOptions(app, { contour: !contour }))}
      ${checkbox('Fill', 'Coloured area of each mask (L)', fill, () => setOptions(app, { fill: !fill }))}
      <input type="range" min="0.05" max="1" step="0.05" aria-label="Opacity of the fill" .value=${String(opacity)}
        title=${`Opacity ${percent(opacity)} (hold H to hide the overlay)`} @input=${slide} ?disabled=${!fill} />
    </div>`;
}
