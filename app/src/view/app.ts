import type { Demo } from '../demos.ts';
import type { Download } from '../export/download.ts';
import type { Labelling } from '../labels/labelling.ts';
import type { RestRunner } from '../labels/segment-rest.ts';
import type { Acts } from '../state/acts.ts';
import type { StorageChoice } from '../state/options.ts';
import type { AppState } from '../state/state.ts';
import type { Store } from '../state/store.ts';
import type { Work } from '../training/work.ts';
import type { Viewer } from '../viewer/viewer.ts';

/** What the views can do, beside showing the state. */
export interface App {
  /** What is kept, and the training. */
  readonly work: Work;
  readonly store: Store;
  readonly acts: Acts;
  readonly viewer: Viewer;
  readonly labelling: Labelling;
  readonly rest: RestRunner;
  openFiles(files: readonly File[]): void;
  loadDemo(demo: Demo): void;
  cancelLoad(): void;
  /** Loads the model again with its weights stored so. */
  chooseStorage(storage: StorageChoice): void;
  openPicture(id: string): void;
  removePicture(id: string): void;
  download(kind: Download): void;
  downloadLabel(): void;
}

export function setOptions(app: App, change: Partial<AppState['options']>): void {
  app.store.dispatch({ type: 'options', change });
}
