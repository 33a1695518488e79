import { announceChanges } from './announce.ts';
import { exposeAutomation } from './automation.ts';
import { Engine } from './engine/engine.ts';
import { SceneRunner } from './engine/scene-runner.ts';
import EngineWorker from './engine-worker.ts?worker&inline';
import { makeDownload, save } from './export/download.ts';
import { listenToKeys } from './keyboard.ts';
import { announceLabels } from './labels/announce-labels.ts';
import { LabelEditor } from './labels/label-editor.ts';
import { LabelMaps } from './labels/label-maps.ts';
import { Labelling } from './labels/labelling.ts';
import { RestRunner } from './labels/segment-rest.ts';
import { acceptDrops } from './pictures/drop.ts';
import { PictureFiles } from './pictures/files.ts';
import { openFiles } from './pictures/open-files.ts';
import { removePicture } from './pictures/remove-picture.ts';
import { fetchSamples } from './pictures/samples.ts';
import { start } from './start.ts';
import { createActs } from './state/acts.ts';
import { openPicture } from './state/select.ts';
import { createStore } from './state/store.ts';
import { Work } from './training/work.ts';
import type { App } from './view/app.ts';
import { element, keepRendered } from './view/render.ts';
import { listenToPointer } from './viewer/listen.ts';
import { Viewer } from './viewer/viewer.ts';

/** Puts the parts together: a store, an engine in its worker, a viewer, and views that follow the store. */
const store = createStore();
const files = new PictureFiles();
const acts = createActs(store);
const host = element('viewer');
const maps = new LabelMaps();
const editor = new LabelEditor(store, maps);
const labelling = new Labelling(store, maps, editor);
const viewer = new Viewer(host, store, acts, labelling);
const engine = new Engine(store, () => new EngineWorker());
const runner = new SceneRunner(store, engine, files);
const rest = new RestRunner({ store, engine, files, editor });
runner.onBitmap = (bitmap) => viewer.show(bitmap);

const fail = (error: unknown) => engine.fail(error);
const work = new Work({
  ...{ store, engine, files, maps },
  createWorker: () => new EngineWorker(),
  forgetLabels: (picture) => editor.forget(picture),
  removePicture: (id) => app.removePicture(id),
});

const app: App = {
  work,
  store,
  acts,
  viewer,
  labelling,
  rest,
  openFiles: (chosen) => void openFiles(chosen, { store, files, engine, editor, work }).catch(fail),
  loadDemo: ({ file }) =>
    void engine.load({ source: new URL(`demo/${file}`, document.baseURI).href, name: file }),
  cancelLoad: () => engine.cancelLoad(),
  chooseStorage(storage) {
    store.dispatch({ type: 'options', change: { storage } });
    void engine.reload();
  },
  openPicture: (id) => store.dispatch({ type: 'library/open', id }),
  removePicture: (id) =>
    removePicture(id, { store, files, editor, engine, confirm: (question) => window.confirm(question) }),
  downloadLabel: () => void labelling.download().catch(fail),
  download(kind) {
    const picture = openPicture(store.state);
    if (picture === null || runner.bitmap === null) return;
    makeDownload(kind, store.state, picture, runner.bitmap).then((file) => file && save(file), fail);
  },
};

function step(by: 1 | -1): void {
  const { pictures, open } = store.state.library;
  const next = pictures[pictures.findIndex(({ id }) => id === open) + by];
  if (next) app.openPicture(next.id);
}

keepRendered(app);
listenToPointer(host, viewer, element('readout'));
listenToKeys({ store, acts, viewer, labelling, host, step });
acceptDrops(app.openFiles, (over) => document.body.classList.toggle('dropping', over));
announceChanges(store, element('live'));
announceLabels(store, element('live-labels'));
exposeAutomation(store, acts, viewer, { labelling, maps, rest });
start({
  ...{ store, engine, work, app },
  samples: () => fetchSamples(files),
  hasWebGpu: Boolean(navigator.gpu),
  address: new URL(location.href),
}).catch(fail);
