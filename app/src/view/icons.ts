import { svg, type TemplateResult } from 'lit-html';

/** Line icons on a 20 x 20 grid. */
const PATHS = {
  prompt: 'M3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3M10 7v6M7 10h6',
  exclude: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M6.5 10h7',
  pan: 'M10 2v16M2 10h16M10 2l-2.5 2.5M10 2l2.5 2.5M10 18l-2.5-2.5M10 18l2.5-2.5M2 10l2.5-2.5M2 10l2.5 2.5M18 10l-2.5-2.5M18 10l-2.5 2.5',
  brush: 'M17 3L9 11M9 11a3.2 3.2 0 0 0-4 1.5c-.6 1.2-.4 2.7-2 3.6c2.3 1.3 6.3 1 7.4-1.4A3 3 0 0 0 9 11',
  eraser: 'M8 16l-4.5-4.5L12 3l5 5l-8 8zM7.5 7.5l5 5M6 16h11',
  check: 'M4 10.5l4 4L16 6',
  undo: 'M7 4L3 8l4 4M3 8h8a5 5 0 0 1 0 10H8',
  redo: 'M13 4l4 4l-4 4M17 8H9a5 5 0 0 0 0 10h3',
  clear: 'M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11',
  zoomIn: 'M9 3a6 6 0 1 0 0 12a6 6 0 1 0 0-12M13.5 13.5L18 18M9 6v6M6 9h6',
  zoomOut: 'M9 3a6 6 0 1 0 0 12a6 6 0 1 0 0-12M13.5 13.5L18 18M6 9h6',
  fit: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4',
  eye: 'M1.5 10S5 4 10 4s8.5 6 8.5 6S15 16 10 16S1.5 10 1.5 10M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5',
  eyeOff:
    'M3 3l14 14M6 5.2C2.9 7 1.5 10 1.5 10S5 16 10 16c1.5 0 2.8-.5 4-1.2M9 4.1C14.5 3.5 18.5 10 18.5 10s-.8 1.5-2.3 3',
  close: 'M5 5l10 10M15 5L5 15',
  plus: 'M10 4v12M4 10h12',
  download: 'M10 3v10M6 9l4 4l4-4M3 17h14',
  folder: 'M2.5 5h5l2 2h8v9h-15z',
  lock: 'M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  keyboard: 'M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8',
  model: 'M10 2l7 4v8l-7 4l-7-4V6zM3 6l7 4l7-4M10 10v8',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: the button around it has the words. */
export function icon(name: IconName): TemplateResult<2> {
  return svg`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
