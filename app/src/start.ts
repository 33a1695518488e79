import { demoAsked } from './demos.ts';
import type { Engine } from './engine/engine.ts';
import type { SamplePictures } from './pictures/samples.ts';
import { sentenceOf } from './sentence.ts';
import type { Store } from './state/store.ts';
import type { Work } from './training/work.ts';
import type { App } from './view/app.ts';

export interface Starting {
  readonly store: Store;
  readonly engine: Pick<Engine, 'fail' | 'source'>;
  readonly work: Pick<Work, 'begin' | 'restore' | 'use'>;
  readonly app: Pick<App, 'loadDemo' | 'openPicture'>;
  readonly samples: () => Promise<SamplePictures>;
  readonly hasWebGpu: boolean;
  readonly address: URL;
}

const NONE: SamplePictures = { pictures: [], classes: new Map() };

/** The page's first moments: a model, the samples, and over them what was kept, whatever of the rest goes wrong. */
export async function start(parts: Starting): Promise<void> {
  const { store, engine, work, app, samples, hasWebGpu, address } = parts;
  const used = await work.begin();
  const demo = demoAsked(address);
  if (!hasWebGpu) {
    const reason =
      'The segmentation model computes on the graphics processor, which this browser does not offer.';
    store.dispatch({ type: 'engine/unsupported', reason });
  } else if (used) {
    work.use(used).then(
      () => {
        if (engine.source === null && store.state.engine.loading === null) app.loadDemo(demo);
      },
      (error) => engine.fail(error),
    );
  } else app.loadDemo(demo);
  const { pictures, classes } = await samples().catch((error) => {
    const text = `The sample pictures are not there: ${sentenceOf(error)} Your own work is.`;
    // Not a notice: those go when the model has loaded.
    store.dispatch({ type: 'workspace/change', change: { message: { tone: 'error', text } } });
    return NONE;
  });
  for (const [group, names] of classes) store.dispatch({ type: 'class/list', group, names });
  store.dispatch({ type: 'library/add', pictures });
  const [first] = pictures;
  await work.restore();
  if (first && store.state.library.open === null) app.openPicture(first.id);
}
