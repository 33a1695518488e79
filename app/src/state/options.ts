export type Mode = 'auto' | 'manual';
export type Refine = 'learned' | 'logits';
/** How weights are to lie on the GPU. auto: as in the file, or the first smaller way that fits. */
export type StorageChoice = 'auto' | 'f32' | 'f16' | 'q8';
/**
 * prompt: drag = box, click = point. exclude: click = negative point, for touch and pens. brush and eraser: drag paints
 * the label. pan: drag moves.
 */
export type Tool = 'prompt' | 'exclude' | 'brush' | 'eraser' | 'pan';

/** The brush's diameter in pixels of the picture. */
export const BRUSH_SIZES = { least: 1, most: 120 } as const;

/** What a person chose that is no prompt: how to predict, and how to show it. */
export interface Options {
  readonly mode: Mode;
  readonly refine: Refine;
  readonly multimask: boolean;
  readonly storage: StorageChoice;
  readonly tool: Tool;
  readonly brushSize: number;
  /** Whether labels are drawn over their pictures. */
  readonly labels: boolean;
  /** Of the fill, 0 to 1. */
  readonly opacity: number;
  readonly fill: boolean;
  readonly contour: boolean;
  /** Whether the prompt predictor's own boxes are drawn. Off at first: a mask need not fill its box, and looks wrong beside it. */
  readonly learnedBoxes: boolean;
  /** While H is held. */
  readonly overlayHidden: boolean;
  readonly help: boolean;
  /** Whether single letters and digits are shortcuts. */
  readonly letterKeys: boolean;
}

export type OptionsAction = { readonly type: 'options'; readonly change: Partial<Options> };

export const INITIAL_OPTIONS: Options = {
  mode: 'auto',
  refine: 'learned',
  multimask: false,
  storage: 'auto',
  tool: 'prompt',
  brushSize: 12,
  labels: true,
  opacity: 0.4,
  fill: true,
  contour: true,
  learnedBoxes: false,
  overlayHidden: false,
  help: false,
  letterKeys: true,
};

export function optionsReducer(options: Options, action: OptionsAction): Options {
  return { ...options, ...action.change };
}
