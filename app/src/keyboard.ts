import { type Command, commandFor, needsViewer, type PlainCommand } from './keys.ts';
import type { Labelling } from './labels/labelling.ts';
import type { Acts } from './state/acts.ts';
import type { Options } from './state/options.ts';
import { activeClass, classList, modeOf } from './state/select.ts';
import type { Store } from './state/store.ts';
import type { Viewer } from './viewer/viewer.ts';

/** How much larger a brush is than the one before it. */
const BRUSH_STEP = 1.25;

export interface KeyTargets {
  readonly store: Store;
  readonly acts: Acts;
  readonly viewer: Viewer;
  readonly labelling: Labelling;
  readonly host: HTMLElement;
  /** Opens the picture that is so many places further in the strip. */
  step(by: 1 | -1): void;
}

/** Listens to keys on the whole page. Fields keep theirs, and so do buttons where a key would press them. */
export function listenToKeys(targets: KeyTargets): void {
  const { store, viewer, host } = targets;
  window.addEventListener('keydown', (event) => {
    const command = commandFor(event, store.state.options.letterKeys);
    if (command === null || isTyping(event.target)) return;
    const onViewer = event.target === host || event.target === document.body;
    if (store.state.options.help ? command.do !== 'help' : needsViewer(command) && !onViewer) return;
    event.preventDefault();
    obey(command, targets);
  });
  window.addEventListener('keyup', ({ key }) => {
    if (key.toLowerCase() === 'h') hide(store, false);
    if (key === ' ') viewer.spaceHeld = false;
  });
  window.addEventListener('blur', () => {
    hide(store, false);
    viewer.spaceHeld = false;
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function hide(store: Store, overlayHidden: boolean): void {
  if (store.state.options.overlayHidden !== overlayHidden)
    store.dispatch({ type: 'options', change: { overlayHidden } });
}

function obey(command: Command, targets: KeyTargets): void {
  const { acts, viewer } = targets;
  if (command.do === 'class') acts.activate(command.classNumber);
  else if (command.do === 'move') viewer.moveCursor(command);
  else if (command.do === 'point') viewer.placePoint(command.label);
  else plainCommands(targets)[command.do]();
}

function plainCommands({
  store,
  acts,
  viewer,
  labelling,
  step,
}: KeyTargets): Record<PlainCommand, () => void> {
  const { state } = store;
  const { contour, fill, help } = state.options;
  const set = (change: Partial<Options>) => store.dispatch({ type: 'options', change });
  return {
    undo: acts.undo,
    redo: acts.redo,
    clear: () => viewer.cancel() || acts.clear(),
    remove: () => viewer.removeHovered() || acts.removeLast(),
    'next-class': () => acts.activate((activeClass(state) % classList(state).length) + 1),
    'previous-class': () => acts.activate(activeClass(state) - 1 || classList(state).length),
    'next-picture': () => step(1),
    'previous-picture': () => step(-1),
    corner: () => viewer.placeCorner(),
    'toggle-contour': () => set({ contour: !contour }),
    'toggle-fill': () => set({ fill: !fill }),
    'toggle-mode': () => set({ mode: modeOf(state) === 'auto' ? 'manual' : 'auto' }),
    'hold-hide': () => hide(store, true),
    'hold-pan': () => {
      viewer.spaceHeld = true;
    },
    'zoom-in': () => viewer.zoom(1),
    'zoom-out': () => viewer.zoom(-1),
    'show-all': () => viewer.showAll(),
    brush: () => set({ tool: 'brush' }),
    eraser: () => set({ tool: 'eraser' }),
    'prompt-tool': () => set({ tool: 'prompt' }),
    'smaller-brush': () => labelling.resizeBrush(1 / BRUSH_STEP),
    'larger-brush': () => labelling.resizeBrush(BRUSH_STEP),
    keep: () => labelling.keep(),
    add: () => labelling.keep('add'),
    accept: () => labelling.accept(),
    reject: () => labelling.remove(),
    'next-to-accept': () => labelling.next(),
    help: () => set({ help: !help }),
  };
}
