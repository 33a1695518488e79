import { html, nothing, type TemplateResult } from 'lit-html';
import { BRUSH_SIZES } from '../state/options.ts';
import type { AppState } from '../state/state.ts';
import { type App, setOptions } from './app.ts';

/** The brush's size: part of the toolbar while a brush is in hand. */
export function brushSize(state: AppState, app: App): TemplateResult | typeof nothing {
  const { tool, brushSize: size } = state.options;
  if (tool !== 'brush' && tool !== 'eraser') return nothing;
  const slide = (event: Event) =>
    setOptions(app, { brushSize: Number((event.target as HTMLInputElement).value) });
  return html`
    <label class="group brush-size" title="Diameter of the brush in pixels of the picture ([ and ])">
      <span class="words">Brush size</span>
      <input type="range" min=${BRUSH_SIZES.least} max=${BRUSH_SIZES.most} .value=${String(size)} @input=${slide} />
      <output>${size} px</output></label>`;
}
