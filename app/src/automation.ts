import type { Box } from '../../src/index.ts';
import type { LabelMaps } from './labels/label-maps.ts';
import type { Labelling } from './labels/labelling.ts';
import type { RestRunner } from './labels/segment-rest.ts';
import type { Acts } from './state/acts.ts';
import { type LabelStatus, openLabel } from './state/labels.ts';
import type { PromptPoint } from './state/prompts.ts';
import { activeClass, activePrompts, modeOf, openPicture } from './state/select.ts';
import type { Store } from './state/store.ts';
import { stepsOf } from './state/training.ts';
import type { Viewer } from './viewer/viewer.ts';

/**
 * `window.sam2rad`: the page for scripts, in pixels of the picture. Tests use it where a mouse cannot be exact,
 * and so can anybody from the browser's console.
 */
export interface Automation {
  /** What is on show now. `busy` while anything is being loaded, encoded or predicted. */
  state(): {
    readonly busy: boolean;
    readonly model: string | null;
    /** How its weights lie on the GPU. */
    readonly storage: string | null;
    /** The open training. */
    readonly training: { readonly phase: string; readonly step: number; readonly steps: number } | null;
    /** Total loss of each step. */
    readonly losses: readonly number[];
    /** What a person is told of training and kept work. */
    readonly remarks: readonly string[];
    /** Names of trained models that are kept. */
    readonly models: readonly string[];
    /** Where work is kept. */
    readonly place: string;
    readonly picture: string | null;
    readonly mode: 'auto' | 'manual';
    readonly activeClass: number;
    readonly box: Box | null;
    readonly points: readonly PromptPoint[];
    readonly results: readonly {
      readonly classNumber: number;
      readonly iou: number;
      readonly area: number;
    }[];
    readonly notice: string | null;
    /** Of the open picture. */
    readonly label: LabelStatus | null;
    /** Accepted pictures, by name. */
    readonly accepted: readonly string[];
  };
  /** Replaces the prompts of the active class, as one step that can be undone. */
  setPrompts(prompts: { box?: Box; points?: readonly PromptPoint[] }): void;
  /** Opens a picture of the strip by its name. */
  open(name: string): void;
  /** Class numbers of the masks on show, row by row; null where there are none. */
  classMap(): { readonly width: number; readonly height: number; readonly data: Uint8Array } | null;
  /** Paints the label of the open picture in the active class along these places, or erases along them. */
  paint(
    places: readonly { readonly x: number; readonly y: number }[],
    brush?: { size?: number; erase?: boolean },
  ): void;
  /** Keeps the masks on show as label. */
  keep(): void;
  /** Accepts the label, and opens the next picture that is not accepted. */
  accept(): void;
  /** Segments every picture without a label; ends when all are done. */
  segmentRest(): Promise<void>;
  /** Class numbers of the label of a picture of the strip, the open one unless named; null where it has none. */
  labelMap(name?: string): Uint8Array | null;
  /** Where a pixel of the picture is in the window, in CSS pixels. */
  toPage(x: number, y: number): { readonly x: number; readonly y: number };
}

declare global {
  interface Window {
    sam2rad: Automation;
  }
}

interface Labels {
  readonly labelling: Labelling;
  readonly maps: LabelMaps;
  readonly rest: RestRunner;
}

export function exposeAutomation(
  store: Store,
  acts: Acts,
  viewer: Viewer,
  { labelling, maps, rest }: Labels,
): void {
  const named = (name: string) => store.state.library.pictures.find((picture) => picture.name === name);
  window.sam2rad = {
    state() {
      const { state } = store;
      const { box, points } = activePrompts(state);
      return {
        busy: state.engine.loading !== null || state.session.activity.kind !== 'idle',
        model: state.engine.model?.name ?? null,
        storage: state.engine.model?.storage ?? null,
        training: state.training.run,
        losses: stepsOf(state.training.curves).map(({ losses }) => losses.total),
        remarks: [state.training.message, state.workspace.message].flatMap((each) => each?.text ?? []),
        models: state.workspace.models.map(({ name }) => name),
        place: state.workspace.place,
        picture: openPicture(state)?.name ?? null,
        mode: modeOf(state),
        activeClass: activeClass(state),
        box,
        points,
        results: state.session.result?.results ?? [],
        notice: state.session.notice?.text ?? null,
        label: openLabel(state)?.status ?? null,
        accepted: state.library.pictures
          .filter(({ id }) => state.labels[id]?.status === 'accepted')
          .map(({ name }) => name),
      };
    },
    setPrompts: ({ box, points = [] }) => acts.setPrompts(box ?? null, points),
    open(name) {
      const found = named(name);
      if (found) store.dispatch({ type: 'library/open', id: found.id });
    },
    classMap() {
      const { result } = store.state.session;
      return result && { width: result.width, height: result.height, data: result.classMap };
    },
    paint([first, ...others], { size, erase = false } = {}) {
      if (first === undefined) return;
      if (size !== undefined) store.dispatch({ type: 'options', change: { brushSize: size } });
      labelling.beginStroke(first, erase);
      for (const place of others) labelling.editor.extend(place);
      labelling.editor.finish();
    },
    keep: () => labelling.keep(),
    accept: () => labelling.accept(),
    segmentRest: () => rest.start(),
    labelMap(name) {
      const picture = name === undefined ? openPicture(store.state) : named(name);
      return picture ? maps.get(picture.id) : null;
    },
    toPage: (x, y) => viewer.toPage({ x, y }),
  };
}
