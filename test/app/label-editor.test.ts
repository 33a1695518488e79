import { expect, test } from 'vitest';
import { EngineClient } from '../../app/src/engine/client.ts';
import { describeLabelChange } from '../../app/src/labels/announce-labels.ts';
import { EditLog } from '../../app/src/labels/edit-log.ts';
import { keptLabel } from '../../app/src/labels/keep.ts';
import { KeptOutlines } from '../../app/src/labels/outlines.ts';
import { Patch } from '../../app/src/labels/patch.ts';
import { removePicture } from '../../app/src/pictures/remove-picture.ts';
import { countLabels } from '../../app/src/state/labels.ts';
import { allPrompts } from '../../app/src/state/select.ts';
import { FakeWorker } from './fake-worker.ts';
import { loadModel, mapOf, type Page, paint, propose, rowsOf, SIZE, startLabelling } from './label-start.ts';

const undo = ({ store }: Page) => store.dispatch({ type: 'prompt/undo', picture: 'a' });
const redo = ({ store }: Page) => store.dispatch({ type: 'prompt/redo', picture: 'a' });
const box = ({ store }: Page, classNumber = 1) =>
  store.dispatch({ type: 'prompt/box', picture: 'a', classNumber, box: [0, 0, 3, 2] });
const shown = ({ maps }: Page) => rowsOf(maps.get('a'));
const status = ({ store }: Page, id = 'a') => store.state.labels[id]?.status ?? null;

test('a stroke makes a draft in the active class; the class that was painted last has the pixel', () => {
  const page = startLabelling();
  paint(page, [
    [0, 1],
    [4, 1],
  ]);
  expect(status(page)).toBe('draft');
  page.store.dispatch({ type: 'class/activate', classNumber: 2 });
  paint(page, [
    [2, 0],
    [2, 3],
  ]);
  expect(shown(page)).toEqual(['002000', '112110', '002000', '002000']);
  paint(page, [[2, 1]], true);
  expect(shown(page)).toEqual(['002000', '110110', '002000', '002000']);
  expect(page.store.state.labels['a']?.revision).toBe(3);
});

test('strokes and prompts are one history: undone and redone in their order', () => {
  const page = startLabelling();
  paint(page, [[0, 0]]);
  box(page, 2);
  paint(page, [[5, 3]]);
  undo(page);
  expect(shown(page)).toEqual(['100000', '000000', '000000', '000000']);
  expect(allPrompts(page.store.state)[2]).toBeDefined();
  undo(page);
  expect(allPrompts(page.store.state)).toEqual({});
  expect(status(page)).toBe('draft');
  undo(page);
  expect([status(page), shown(page)]).toEqual([null, null]);
  for (let i = 0; i < 3; i++) redo(page);
  expect(shown(page)).toEqual(['100000', '000000', '000000', '000001']);
  undo(page);
  paint(page, [[3, 3]]);
  redo(page);
  expect(shown(page)).toEqual(['100000', '000000', '000000', '000100']);
});

test('a stroke that is not at its end is on show, and can be taken back', () => {
  const page = startLabelling();
  page.labelling.beginStroke({ x: 1.5, y: 1.5 }, false);
  expect(rowsOf(page.editor.shown('a'))?.[1]).toBe('010000');
  expect([page.editor.abandon(), page.editor.shown('a'), status(page)]).toEqual([true, null, null]);
  paint(page, [[0, 0]]);
  page.labelling.beginStroke({ x: 1.5, y: 1.5 }, false);
  undo(page);
  expect([shown(page), page.editor.abandon()]).toEqual([null, false]);
  redo(page);
  expect(shown(page)).toEqual(['100000', '000000', '000000', '000000']);
});

test('a stroke that changes nothing is no step: beside the picture, or erasing where nothing is', () => {
  const page = startLabelling();
  paint(page, [[3, 3]], true);
  paint(page, [
    [-9, 1],
    [-5, 1],
  ]);
  expect(status(page)).toBeNull();
  expect(page.store.state.prompts['a']).toBeUndefined();
});

test('keeping takes the masks on show for its classes, and uses their prompts up; one undo brings both back', () => {
  const page = startLabelling();
  paint(page, [
    [0, 3],
    [5, 3],
  ]);
  box(page);
  propose(page.store, ['111000', '110000', '000000', '000000'], [1]);
  page.labelling.keep();
  expect(shown(page)).toEqual(['111000', '110000', '000000', '000000']);
  expect(allPrompts(page.store.state)).toEqual({});
  undo(page);
  expect(shown(page)).toEqual(['000000', '000000', '000000', '111111']);
  expect(allPrompts(page.store.state)[1]).toBeDefined();
  page.labelling.keep('add');
  expect(shown(page)).toEqual(['111000', '110000', '000000', '111111']);
});

test('what is kept last has the pixel; classes that are not kept stay', () => {
  const label = mapOf(['112200', '112200', '000033', '000000']);
  const proposal = mapOf(['011100', '000000', '000000', '000022']);
  expect(rowsOf(keptLabel(label, proposal, [1], 'replace'))).toEqual([
    '011100',
    '002200',
    '000033',
    '000000',
  ]);
  expect(rowsOf(keptLabel(label, proposal, [1], 'add'))).toEqual(['111100', '112200', '000033', '000000']);
  expect(rowsOf(keptLabel(null, proposal, [1, 2], 'replace'))).toEqual([
    '011100',
    '000000',
    '000000',
    '000022',
  ]);
});

test('with a label only what was prompted is proposed, and never a hidden class', () => {
  const page = startLabelling();
  propose(page.store, ['110000', '000000', '000022', '000000'], [1, 2]);
  page.store.dispatch({ type: 'class/toggle', group: 'user', classNumber: 2 });
  page.labelling.keep();
  expect(shown(page)).toEqual(['110000', '000000', '000000', '000000']);
  page.store.dispatch({ type: 'class/toggle', group: 'user', classNumber: 2 });
  page.labelling.keep();
  expect(page.store.state.session.notice?.text).toMatch(/no new mask to keep/);
  box(page, 2);
  page.labelling.keep();
  expect(shown(page)).toEqual(['110000', '000000', '000022', '000000']);
});

test('the brush corrects what is on show: it is kept first', () => {
  const page = startLabelling();
  propose(page.store, ['110000', '000000', '000000', '000000'], [1]);
  paint(page, [[0, 0]], true);
  expect(shown(page)).toEqual(['010000', '000000', '000000', '000000']);
  undo(page);
  expect(shown(page)).toEqual(['110000', '000000', '000000', '000000']);
});

test('accepting goes round the pictures that are not accepted; a correction makes a draft again', () => {
  const page = startLabelling();
  const { store, labelling } = page;
  const here = () => store.state.library.open;
  labelling.accept();
  expect(store.state.session.notice?.text).toMatch(/nothing to accept yet/);
  expect(here()).toBe('a');
  paint(page, [[0, 0]]);
  labelling.accept();
  expect([status(page), here()]).toEqual(['accepted', 'b']);
  labelling.markEmpty();
  expect(status(page, 'b')).toBe('draft');
  labelling.accept();
  expect([here(), countLabels(store.state)]).toEqual(['c', { labelled: 2, accepted: 2 }]);
  labelling.next();
  expect(store.state.session.notice?.text).toMatch(/2 pictures are accepted/);
  store.dispatch({ type: 'library/open', id: 'a' });
  paint(page, [[1, 1]]);
  expect(status(page)).toBe('draft');
  undo(page);
  expect(status(page)).toBe('accepted');
  labelling.takeBack();
  expect(status(page)).toBe('draft');
});

test('nothing is accepted or kept while its masks are still being computed', () => {
  const page = startLabelling();
  page.store.dispatch({ type: 'session/activity', activity: { kind: 'predicting' } });
  page.labelling.accept();
  expect(page.store.state.session.notice?.text).toMatch(/still being computed/);
  expect(page.store.state.library.open).toBe('a');
});

test('a label that is removed comes back with undo; a picture that is removed takes its label along', () => {
  const page = startLabelling();
  paint(page, [[2, 2]]);
  page.labelling.remove();
  expect([status(page), shown(page)]).toEqual([null, null]);
  undo(page);
  expect([status(page), shown(page)?.[2]]).toEqual(['draft', '001000']);
  page.editor.forget('a');
  expect([status(page), shown(page)]).toEqual([null, null]);
  undo(page);
  expect([status(page), shown(page)]).toEqual([null, null]);
});

test('a map that comes from elsewhere has no past: undo leaves it', () => {
  const page = startLabelling();
  paint(page, [[2, 2]]);
  const stored = mapOf(['222222', '000000', '000000', '000000']);
  page.maps.set('a', stored);
  page.store.dispatch({ type: 'label/changed', picture: 'a', status: 'accepted' });
  undo(page);
  expect([status(page), shown(page)?.[0]]).toEqual(['accepted', '222222']);
  paint(page, [[0, 3]]);
  undo(page);
  expect([status(page), shown(page)]).toEqual(['accepted', rowsOf(stored)]);
});

test('the oldest edits are forgotten before they fill the memory, and the pixels stay', () => {
  const size = { width: 4096, height: 4096 };
  const map = new Uint8Array(size.width * size.height);
  const log = new EditLog(map, size);
  for (let id = 1; id <= 3; id++) {
    const patch = Patch.replacing(map, size, new Uint8Array(map.length).fill(id));
    log.add({ id, patch, before: 'draft', after: 'draft' });
  }
  log.moveTo(0);
  expect([map[0], log.isAt(0)]).toEqual([2, true]);
});

test('outlines are where the class ends, and new ones after each change', () => {
  const page = startLabelling();
  const outlines = new KeptOutlines();
  const now = () => {
    const [map, entry] = [page.maps.get('a'), page.store.state.labels['a']];
    return map && entry ? outlines.get(map, entry, SIZE) : {};
  };
  paint(page, [[4, 2]]);
  expect(now()).toEqual({ 1: 'M5 2L5 3L4 3L4 2Z' });
  expect(now()).toBe(now());
  page.labelling.remove();
  paint(page, [[0, 3]]);
  expect(now()).toEqual({ 1: 'M1 3L1 4L0 4L0 3Z' });
});

test('changes of a label are put into words', () => {
  const page = startLabelling();
  const words = (act: () => void) => {
    const before = page.store.state;
    act();
    return describeLabelChange(before, page.store.state);
  };
  expect(words(() => paint(page, [[0, 0]]))).toBe('Label changed: draft.');
  expect(words(() => page.editor.setStatus('a', 'accepted'))).toBe('Label accepted. 1 accepted.');
  expect(words(() => page.labelling.takeBack())).toBe('Label is a draft again.');
  expect(words(() => page.labelling.remove())).toBe('Label removed.');
  expect(words(() => page.store.dispatch({ type: 'rest/progress', done: 0, total: 3 }))).toBe(
    'Segmenting 3 pictures.',
  );
  expect(words(() => loadModel(page.store, true))).toBeNull();
});

test('a picture with labels is removed after a question alone, one without them at once', () => {
  const page = startLabelling();
  paint(page, [[0, 0]]);
  const questions: string[] = [];
  let answer = false;
  const targets = {
    ...page,
    files: { remove: () => undefined },
    engine: { client: new EngineClient(new FakeWorker()), epoch: 1, fail: () => undefined },
    confirm: (question: string) => {
      questions.push(question);
      return answer;
    },
  };
  const ids = () => page.store.state.library.pictures.map(({ id }) => id).join('');
  removePicture('a', targets);
  expect([ids(), status(page)]).toEqual(['abc', 'draft']);
  answer = true;
  removePicture('a', targets);
  expect([ids(), status(page), shown(page)]).toEqual(['bc', null, null]);
  removePicture('b', targets);
  expect(questions).toEqual(Array(2).fill('Remove a.png with its labels? This cannot be undone.'));
});
