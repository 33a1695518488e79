/** What keys do that need nothing but their name. */
export type PlainCommand =
  | 'undo'
  | 'redo'
  | 'clear'
  | 'remove'
  | 'next-class'
  | 'previous-class'
  | 'next-picture'
  | 'previous-picture'
  | 'corner'
  | 'toggle-contour'
  | 'toggle-fill'
  | 'toggle-mode'
  | 'hold-hide'
  | 'hold-pan'
  | 'zoom-in'
  | 'zoom-out'
  | 'show-all'
  | 'brush'
  | 'eraser'
  | 'prompt-tool'
  | 'smaller-brush'
  | 'larger-brush'
  | 'keep'
  | 'add'
  | 'accept'
  | 'reject'
  | 'next-to-accept'
  | 'help';

/** What a key does. */
export type Command =
  | { readonly do: PlainCommand }
  | { readonly do: 'class'; readonly classNumber: number }
  | { readonly do: 'move'; readonly x: number; readonly y: number }
  | { readonly do: 'point'; readonly label: 0 | 1 };

export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** The list behind `?`, in the order in which it is shown. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['Drag', 'Box around the object'],
  ['Click', 'Point inside the object (+)'],
  ['Right click, Shift or Alt + click', 'Point outside the object (−)'],
  ['Click on a point, Backspace', 'Remove that point, or the last prompt'],
  ['Drag a point or a corner', 'Move it'],
  ['Arrow keys (Shift: by 10)', 'Move the cursor'],
  ['Enter, Shift + Enter', 'Point + or − at the cursor'],
  ['B, then B', 'Two corners of a box at the cursor'],
  ['P, E, V', 'Brush, eraser, box and point'],
  ['[ and ]', 'Smaller, larger brush'],
  ['Brush: Shift or right button', 'Erase'],
  ['Brush: Enter, Shift + Enter', 'Paint or erase at the cursor'],
  ['K', 'Keep the masks on show as label'],
  ['Shift + K', 'Keep, beside what the class has'],
  ['A', 'Accept the label, next picture'],
  ['R', 'Reject: remove the label'],
  ['N', 'Next picture that is not accepted'],
  ['Ctrl + Z', 'Undo'],
  ['Ctrl + Y, Ctrl + Shift + Z', 'Redo'],
  ['Esc', 'Cancel the drag, or clear the prompts'],
  ['1 to 9, Q, W', 'Class; previous, next class'],
  ['D, F', 'Previous, next picture'],
  ['M', 'Automatic or manual'],
  ['H (hold)', 'Hide the overlay'],
  ['C, L', 'Contour, fill on or off'],
  ['Ctrl + wheel, + and −', 'Zoom'],
  ['Space + drag, middle drag', 'Move the picture'],
  ['0', 'Fit the picture'],
  ['?', 'This list'],
];

const STEP = 1;
const BIG_STEP = 10;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const NAMED: Readonly<Record<string, Command>> = {
  escape: { do: 'clear' },
  backspace: { do: 'remove' },
  delete: { do: 'remove' },
};

const SINGLE: Readonly<Record<string, Command>> = {
  a: { do: 'accept' },
  b: { do: 'corner' },
  c: { do: 'toggle-contour' },
  d: { do: 'previous-picture' },
  e: { do: 'eraser' },
  f: { do: 'next-picture' },
  h: { do: 'hold-hide' },
  k: { do: 'keep' },
  l: { do: 'toggle-fill' },
  m: { do: 'toggle-mode' },
  n: { do: 'next-to-accept' },
  p: { do: 'brush' },
  q: { do: 'previous-class' },
  r: { do: 'reject' },
  v: { do: 'prompt-tool' },
  w: { do: 'next-class' },
  ' ': { do: 'hold-pan' },
  '[': { do: 'smaller-brush' },
  ']': { do: 'larger-brush' },
  '0': { do: 'show-all' },
  '+': { do: 'zoom-in' },
  '=': { do: 'zoom-in' },
  '-': { do: 'zoom-out' },
  '?': { do: 'help' },
};

/** Keys that act on the viewer's cursor: they work while the viewer, and no control, has the focus. */
export function needsViewer(command: Command): boolean {
  return ['move', 'point', 'corner', 'hold-pan'].includes(command.do);
}

/** @param letters whether keys without Ctrl, such as H or 1, do anything (WCAG 2.1.4). */
export function commandFor(event: Key, letters = true): Command | null {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return { do: event.shiftKey ? 'redo' : 'undo' };
    return key === 'y' ? { do: 'redo' } : null;
  }
  const arrow = ARROWS[event.key];
  if (arrow) {
    const step = event.shiftKey ? BIG_STEP : STEP;
    return { do: 'move', x: arrow[0] * step, y: arrow[1] * step };
  }
  if (key === 'enter') return { do: 'point', label: event.shiftKey || event.altKey ? 0 : 1 };
  const named = NAMED[key];
  if (named || event.altKey || !letters) return named ?? null;
  if (/^[1-9]$/.test(key)) return { do: 'class', classNumber: Number(key) };
  if (key === 'k' && event.shiftKey) return { do: 'add' };
  return SINGLE[key] ?? null;
}
