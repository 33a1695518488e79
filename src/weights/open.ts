import { CheckpointError, UnsupportedError } from '../errors.ts';
import { type NamedBlob, readRange } from './blob.ts';
import { openSafetensors } from './safetensors.ts';
import type { Checkpoint } from './types.ts';

export interface OpenOptions {
  /** What messages call the file; a File's own name, or "checkpoint". */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a safetensors file or a torch checkpoint (zip or legacy stream), told apart by their first bytes.
 * Reads the directory only: values are read when a tensor is. Nothing in the file is executed.
 * @param blob a File in a page, `fs.openAsBlob(path)` in Node
 * @throws CheckpointError that names the file, the entry and the reason; the signal's reason when cancelled
 */
export async function openCheckpoint(blob: Blob, options: OpenOptions = {}): Promise<Checkpoint> {
  const { signal } = options;
  const file: NamedBlob = { blob, name: options.name ?? nameOf(blob) };
  const head = await readRange(file, 0, Math.min(blob.size, 512), signal);
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);

  // A header length below 2^32, then "{". First, because the length's bytes can look like anything else.
  if (head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0))
    return openSafetensors(file, signal);
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06))
    return (await torch(file)).openTorchZip(file, signal);
  refuseStrangers(file, head);
  if (head[0] === 0x80 && (head[1] ?? 255) <= 5) return (await torch(file)).openTorchLegacy(file, signal);
  // A damaged safetensors file is known by its ending alone.
  if (/\.safetensors$/i.test(file.name)) {
    if (blob.size >= 8) return openSafetensors(file, signal);
    throw new CheckpointError(
      `${file.name} has ${blob.size} bytes, too few for a safetensors file. Download it again.`,
    );
  }
  const shown = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new CheckpointError(
    `${file.name} starts with the bytes ${shown}: neither a safetensors file nor a checkpoint of torch.save (a zip, or a pickle for old ones). Choose the checkpoint file itself.`,
  );
}

/** The readers of torch's files are a chunk of their own: a page with a converted model does not carry them. */
async function torch({ name }: NamedBlob): Promise<typeof import('./torch.ts')> {
  try {
    return await import('./torch.ts');
  } catch (cause) {
    throw new UnsupportedError(
      `${name}: the engine's part that reads torch files could not be loaded (${String(cause)}): check the connection and load this program again`,
      { cause },
    );
  }
}

const nameOf = (blob: Blob) => ('name' in blob && typeof blob.name === 'string' ? blob.name : 'checkpoint');

/** Files that often lie where a checkpoint should: each gets the message that helps. */
function refuseStrangers(file: NamedBlob, head: Uint8Array): void {
  if (file.blob.size === 0) throw new CheckpointError(`${file.name} is empty (0 bytes). Download it again.`);
  const text = new TextDecoder('latin1').decode(head);
  const say = (what: string) => {
    throw new CheckpointError(`${file.name} is ${what}`);
  };
  if (text.startsWith('version https://git-lfs.github.com/')) {
    say(
      'a Git LFS pointer, not the checkpoint: it only says where that lies. Run "git lfs pull", or download the file itself.',
    );
  }
  const start = text.replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (/^<(?:!doctype|html|head|body|\?xml|!--)/i.test(start)) {
    const title = /<title>([^<]{1,80})/i.exec(start)?.[1];
    say(
      `a web page${title ? ` ("${title.trim()}")` : ''}, not a checkpoint: the download failed or needs a login. Download it again.`,
    );
  }
  if (/^[{[]/.test(start))
    say(
      'a JSON text, not a checkpoint: perhaps an error message of the server. Open it in an editor, then download again.',
    );
  if (text.startsWith('\u001f\u008b')) say('compressed with gzip. Unpack it first.');
  if (text.startsWith('GGUF')) say('a GGUF file. Take the original torch or safetensors checkpoint.');
  if (text.startsWith('\u0093NUMPY'))
    say('a NumPy array. Take the original torch or safetensors checkpoint.');
  if (text.slice(257, 262) === 'ustar')
    say(
      'a tar archive. Unpack it first; if it is itself a torch checkpoint of before 2017, save it with a current torch.',
    );
}
