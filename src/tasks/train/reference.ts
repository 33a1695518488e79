import { openCheckpoint } from '../../weights/open.ts';
import { referenceCheckpoint } from '../../weights/reference-layout.ts';

/**
 * A model's file as a safetensors file with the keys and shapes of the reference's Lightning `state_dict`. What still
 * images do not need, such as video memory, is zeros where the file lacks it; the metadata's `notes` say so.
 * @throws CheckpointError as `referenceCheckpoint`
 */
export async function* inReferenceLayout(model: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield* referenceCheckpoint(await openCheckpoint(model));
}
