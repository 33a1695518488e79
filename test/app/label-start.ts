import type { LoadedModel, SceneResult } from '../../app/src/engine/protocol.ts';
import { LabelEditor } from '../../app/src/labels/label-editor.ts';
import { LabelMaps } from '../../app/src/labels/label-maps.ts';
import { Labelling } from '../../app/src/labels/labelling.ts';
import { createStore, type Store } from '../../app/src/state/store.ts';

export const SIZE = { width: 6, height: 4 };

const picture = {
  group: 'user',
  thumbnail: '',
  removable: true,
  exampleBoxes: [],
  size: SIZE,
};

/** The page's state with pictures `a`, `b` and `c` of 6 x 4 pixels, the first one open, and two classes. */
export function startLabelling() {
  const store = createStore();
  const maps = new LabelMaps();
  const editor = new LabelEditor(store, maps);
  const labelling = new Labelling(store, maps, editor);
  const pictures = ['a', 'b', 'c'].map((id) => ({ ...picture, id, name: `${id}.png`, stem: id }));
  store.dispatch({ type: 'library/add', pictures });
  store.dispatch({ type: 'library/open', id: 'a' });
  store.dispatch({ type: 'class/list', group: 'user', names: ['bone', 'tendon'] });
  store.dispatch({ type: 'options', change: { brushSize: 1 } });
  return { store, maps, editor, labelling };
}

export type Page = ReturnType<typeof startLabelling>;

/** What the engine would put on show: rows of class numbers, and which classes were asked for. */
export function propose(store: Store, rows: readonly string[], classNumbers: readonly number[]): void {
  const result = {
    ...SIZE,
    classMap: mapOf(rows),
    outlines: {},
    results: classNumbers.map((classNumber) => ({ classNumber, area: 1 })),
  };
  store.dispatch({ type: 'session/result', result: result as unknown as SceneResult });
}

export function loadModel(store: Store, hasPredictor: boolean): void {
  const model = { name: 'm', hasPredictor, classes: ['bone', 'tendon'] } as unknown as LoadedModel;
  if (hasPredictor) store.dispatch({ type: 'class/list', group: 'model', names: ['bone', 'tendon'] });
  store.dispatch({ type: 'engine/loaded', model });
}

export function mapOf(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), Number);
}

export function rowsOf(map: Uint8Array | null): string[] | null {
  return map && Array.from({ length: SIZE.height }, (_, y) => map.slice(y * 6, y * 6 + 6).join(''));
}

/** A stroke through the middles of these pixels. */
export function paint({ labelling }: Page, places: readonly (readonly [number, number])[], erases = false) {
  const [[x, y] = [0, 0], ...others] = places;
  labelling.beginStroke({ x: x + 0.5, y: y + 0.5 }, erases);
  for (const [nextX, nextY] of others) labelling.editor.extend({ x: nextX + 0.5, y: nextY + 0.5 });
  labelling.editor.finish();
}
