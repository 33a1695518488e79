import { CheckpointError } from '../errors.ts';
import type { NamedBlob } from './blob.ts';

/** Files that often lie where a checkpoint should: each gets the message that helps. */
export function refuseStrangers(file: NamedBlob, head: Uint8Array): void {
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

/** What is no file that we know of. */
export function unknownFile(file: NamedBlob, head: Uint8Array): CheckpointError {
  if (/\.safetensors$/i.test(file.name))
    return new CheckpointError(
      `${file.name} has ${file.blob.size} bytes, too few for a safetensors file. Download it again.`,
    );
  const shown = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return new CheckpointError(
    `${file.name} starts with the bytes ${shown}: neither a safetensors file nor a checkpoint of torch.save (a zip, or a pickle for old ones). Choose the checkpoint file itself.`,
  );
}
