/** Our engine on the goldens' nano model, through its public API. */
import { requestDevice } from '../../src/gpu/device.ts';
import { type ImageSession, loadModel, type Model, type Prediction } from '../../src/index.ts';
import { convertCheckpoint } from '../../src/weights/convert.ts';
import { generatedCheckpoint, type WeightsJson } from '../../test/weights/generated-weights.ts';

export interface OurModel {
  readonly model: Model;
  readonly loadMs: number;
  /** Preprocesses and encodes; resolves when the GPU has finished. */
  encode(): Promise<void>;
  /** One box: the mask at the picture's size and its statistics, read back. */
  click(options?: { multimaskOutput?: boolean; returnTensors?: boolean }): Promise<Prediction>;
}

/** @param box in pixels of `picture` */
export async function loadOurs(
  golden: string,
  picture: ImageData,
  box: readonly [number, number, number, number],
): Promise<OurModel> {
  const weights = (await (await fetch(`/goldens/${golden}.weights.json`)).json()) as WeightsJson;
  const chunks: BlobPart[] = [];
  for await (const chunk of convertCheckpoint(generatedCheckpoint(weights), {
    dtype: 'f32',
    imageSize: picture.width,
  }))
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  const file = new Blob(chunks);
  const { device } = await requestDevice();
  const start = performance.now();
  const model = await loadModel(file, { device });
  const loadMs = performance.now() - start;
  let session: ImageSession | undefined;
  return {
    model,
    loadMs,
    async encode() {
      session?.dispose();
      session = await model.setImage(picture);
      await device.queue.onSubmittedWorkDone();
    },
    async click(options = {}) {
      if (!session) throw new Error('encode first');
      return session.predict({ mode: 'manual', box, ...options });
    },
  };
}
