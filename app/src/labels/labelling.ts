import { save } from '../export/download.ts';
import { greyPng } from '../export/png.ts';
import { allowedBrushSize } from '../state/brush-size.ts';
import { countLabels, isProposing, nextToAccept, openLabel, proposedClasses } from '../state/labels.ts';
import { activeClass, openPicture } from '../state/select.ts';
import type { Store } from '../state/store.ts';
import type { XY } from '../viewer/geometry.ts';
import { type Keeping, keptLabel } from './keep.ts';
import type { LabelEditor, Sheet } from './label-editor.ts';
import type { LabelMaps } from './label-maps.ts';

const NOT_YET = 'The mask is still being computed: keep it as soon as it is there.';
const NOTHING_PROPOSED = 'There is no mask to keep yet: drag a box or click, or paint with the brush.';
const NOTHING_NEW = 'There is no new mask to keep: drag a box or click to propose one.';
const NOTHING_TO_ACCEPT = 'There is nothing to accept yet: label the picture, or choose "Nothing to see".';

/** What a person does to the label of the open picture, wherever it is done: viewer, keys, panel, automation. */
export class Labelling {
  readonly #store: Store;
  readonly #maps: LabelMaps;
  readonly editor: LabelEditor;

  constructor(store: Store, maps: LabelMaps, editor: LabelEditor) {
    this.#store = store;
    this.#maps = maps;
    this.editor = editor;
  }

  /** Sets the brush down in the active class. What is proposed is kept first: the brush corrects what is on show. */
  beginStroke(at: XY, erases: boolean): void {
    const sheet = this.#sheet();
    if (sheet === null) return;
    this.#keepProposals();
    const { brushSize } = this.#store.state.options;
    const classNumber = erases ? 0 : activeClass(this.#store.state);
    this.editor.begin(sheet, { classNumber, diameter: brushSize }, at);
  }

  /** The masks on show become a part of the label; their prompts are used up. */
  keep(keeping: Keeping = 'replace'): void {
    const { state } = this.#store;
    if (isProposing(state)) this.#say(NOT_YET);
    else if (!this.#keepProposals(keeping))
      this.#say(state.session.result === null ? NOTHING_PROPOSED : NOTHING_NEW);
  }

  /** The label joins the training set, and the next picture that is not in it opens. */
  accept(): void {
    const { state } = this.#store;
    const sheet = this.#sheet();
    if (sheet === null) return;
    if (!isProposing(state)) this.#keepProposals();
    if (isProposing(state)) this.#say(NOT_YET);
    else if (openLabel(this.#store.state) === null) this.#say(NOTHING_TO_ACCEPT);
    else {
      this.editor.setStatus(sheet.picture, 'accepted');
      this.next();
    }
  }

  /** Opens the next picture that is not accepted. */
  next(): void {
    const id = nextToAccept(this.#store.state);
    if (id !== null) this.#store.dispatch({ type: 'library/open', id });
    else
      this.#say(`${countLabels(this.#store.state).accepted} pictures are accepted; there is no other one.`);
  }

  /** An accepted label becomes a draft again. */
  takeBack(): void {
    const sheet = this.#sheet();
    if (sheet !== null) this.editor.setStatus(sheet.picture, 'draft');
  }

  /** An empty label: the picture was looked at, and none of the classes is in it. */
  markEmpty(): void {
    const sheet = this.#sheet();
    if (sheet !== null) this.editor.replace(sheet, new Uint8Array(sheet.size.width * sheet.size.height));
  }

  /** Clears the label of the open picture, or rejects a draft: the picture has none. */
  remove(): void {
    const sheet = this.#sheet();
    if (sheet !== null) this.editor.remove(sheet);
  }

  resizeBrush(factor: number): void {
    const { brushSize } = this.#store.state.options;
    this.#store.dispatch({
      type: 'options',
      change: { brushSize: allowedBrushSize(brushSize, factor) },
    });
  }

  /** The label as the command line writes masks: class numbers as grey values. */
  async download(): Promise<void> {
    const picture = openPicture(this.#store.state);
    const map = picture && this.#maps.get(picture.id);
    if (!picture?.size || !map) return;
    const png = await greyPng(map, picture.size.width, picture.size.height);
    save(new File([png], `${picture.stem}_mask.png`, { type: 'image/png' }));
  }

  /** Says whether there was something to keep. */
  #keepProposals(keeping: Keeping = 'replace'): boolean {
    const { state } = this.#store;
    const sheet = this.#sheet();
    const { result } = state.session;
    const classes = proposedClasses(state);
    if (sheet === null || result === null || classes.length === 0) return false;
    // The masks of the picture before are on show until this one is decoded.
    if (result.width !== sheet.size.width || result.height !== sheet.size.height) return false;
    const before = this.#maps.get(sheet.picture);
    this.editor.replace(sheet, keptLabel(before, result.classMap, classes, keeping), classes);
    return true;
  }

  #sheet(): Sheet | null {
    const picture = openPicture(this.#store.state);
    return picture?.size ? { picture: picture.id, size: picture.size } : null;
  }

  #say(text: string): void {
    this.#store.dispatch({ type: 'session/notice', notice: { tone: 'info', text } });
  }
}
