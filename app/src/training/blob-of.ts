/** Pieces of this size become blobs, which browsers may keep on disk. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** A file out of a stream, of which only a piece is ever in this thread's memory. */
export async function blobOf(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<Blob> {
  const pieces: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const cut = () => {
    pieces.push(new Blob(waiting));
    waiting = [];
    bytes = 0;
  };
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= PIECE_BYTES) cut();
  }
  cut();
  return new Blob(pieces);
}
