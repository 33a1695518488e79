import type { EngineLike } from '../engine/scene-runner.ts';
import type { LabelEditor } from '../labels/label-editor.ts';
import type { Store } from '../state/store.ts';
import type { PictureFiles } from './files.ts';

interface Targets {
  readonly store: Store;
  readonly files: Pick<PictureFiles, 'remove'>;
  readonly editor: Pick<LabelEditor, 'forget'>;
  readonly engine: EngineLike;
  readonly confirm: (question: string) => boolean;
}

/** Takes a picture out of the strip. Its labels go with it for good, so where it has some a person is asked. */
export function removePicture(id: string, { store, files, editor, engine, confirm }: Targets): void {
  const { library, labels } = store.state;
  const picture = library.pictures.find((entry) => entry.id === id);
  if (picture === undefined) return;
  const question = `Remove ${picture.name} with its labels? This cannot be undone.`;
  if (labels[id] !== undefined && !confirm(question)) return;
  store.dispatch({ type: 'library/remove', id });
  files.remove(picture);
  editor.forget(id);
  engine.client.call('forget', { picture: id }).catch((error) => engine.fail(error));
}
