import { CheckpointError } from '../errors.ts';
import type { LoadOptions } from './types.ts';

/**
 * Fetches a weights file into a Blob, which browsers may keep on disk: `loadModel` takes it as often as it is wanted,
 * stored this way or that, without another request.
 * @throws CheckpointError naming the address where the answer is not the file; the signal's reason when cancelled; what
 * `onProgress` throws, as it is.
 */
export async function download(
  address: string | URL,
  { signal, onProgress }: Pick<LoadOptions, 'signal' | 'onProgress'> = {},
): Promise<Blob> {
  const response = await fetch(address, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    const isFile = !globalThis.location && !/^(https?|blob|data):/.test(String(address));
    throw new CheckpointError(
      `${address} cannot be fetched (${String(error)}): check the address and the connection${isFile ? '; a file is opened with openAsBlob(path) of node:fs' : ''}`,
    );
  });
  if (!response.ok || !response.body)
    throw new CheckpointError(
      `${address} answered ${response.status} ${response.statusText}: check the address`,
    );
  // A server that compresses tells the length of what it sends, not of what arrives.
  const announced = Number(response.headers.get('content-length') ?? 0);
  let loaded = 0;
  /** What the caller's own function threw: no matter of the network. */
  let theirs: { readonly error: unknown } | undefined;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        try {
          onProgress?.({ stage: 'download', loaded, total: loaded <= announced ? announced : 0 });
        } catch (error) {
          theirs = { error };
          throw error;
        }
        controller.enqueue(chunk);
      },
    }),
  );
  try {
    return await new Response(counted).blob();
  } catch (error) {
    signal?.throwIfAborted();
    if (theirs) throw theirs.error;
    throw new CheckpointError(`${address} broke off after ${loaded} bytes (${String(error)}): try again`);
  }
}
