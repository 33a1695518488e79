import { html, type TemplateResult } from 'lit-html';
import type { Tool } from '../state/options.ts';
import { isEmpty } from '../state/prompts.ts';
import { activePrompts, canUndo, openPicture } from '../state/select.ts';
import type { AppState } from '../state/state.ts';
import { type App, setOptions } from './app.ts';
import { displayGroup } from './display.ts';
import { type IconName, icon } from './icons.ts';
import { brushSize } from './labels-brush.ts';

const TOOLS: readonly (readonly [Tool, IconName, string, string])[] = [
  ['prompt', 'prompt', 'Box and point', 'Drag a box, click a point (right click: exclude)'],
  ['exclude', 'exclude', 'Exclude', 'Click where the object is not'],
  ['brush', 'brush', 'Brush', 'Paint the label (P; Shift or right button erases)'],
  ['eraser', 'eraser', 'Eraser', 'Erase from the label (E)'],
  ['pan', 'pan', 'Move', 'Drag to move the picture (Space + drag)'],
];

/** Above the viewer. */
export function toolbar(state: AppState, app: App): TemplateResult {
  const { acts, viewer } = app;
  const { undo, redo } = canUndo(state);
  const off = openPicture(state) === null;
  return html`
    <div class="group choices tools" role="group" aria-label="Tool">
      ${TOOLS.map(
        ([tool, name, label, title]) => html`
        <button aria-pressed=${state.options.tool === tool ? 'true' : 'false'} title=${title}
          ?disabled=${off} @click=${() => setOptions(app, { tool })}>${icon(name)}<span>${label}</span></button>`,
      )}
    </div>
    ${brushSize(state, app)}
    <div class="group">
      ${action('undo', 'Undo (Ctrl+Z)', () => acts.undo(), off || !undo)}
      ${action('redo', 'Redo (Ctrl+Y)', () => acts.redo(), off || !redo)}
      ${action('clear', 'Clear the prompts of this class (Esc)', () => acts.clear(), off || isEmpty(activePrompts(state)))}
    </div>
    ${displayGroup(state, app)}
    <div class="group end">
      ${action('zoomOut', 'Zoom out (−)', () => viewer.zoom(-1), off)}
      ${action('zoomIn', 'Zoom in (+)', () => viewer.zoom(1), off)}
      ${action('fit', 'Fit (0)', () => viewer.showAll(), off)}
    </div>`;
}

function action(name: IconName, words: string, act: () => void, disabled: boolean): TemplateResult {
  return html`
    <button class="square" title=${words} aria-label=${words} ?disabled=${disabled} @click=${act}>${icon(name)}</button>`;
}
