import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { detectModel } from '../../src/weights/detect.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { FileError, systemReason, UsageError } from '../errors.ts';
import { writeAtomically, writeChunks } from '../node/files.ts';
import { generatedCheckpoint, type WeightsJson } from './rule.ts';
import { type Wrapping, writeTorch } from './write-torch.ts';

const WRAPPINGS: Readonly<Record<string, Wrapping>> = { 'meta-sam2': 'model', sam2rad: 'lightning' };

/**
 * Writes the checkpoint of a table.
 * @returns its bytes
 * @throws UsageError for an ending that we do not write; FileError; CheckpointError for a table of no known model
 */
export async function generateCheckpoint(table: string, output: string, salt = 0): Promise<number> {
  const weights = JSON.parse(await readTable(table)) as WeightsJson;
  const { tensors } = generatedCheckpoint(weights, { name: basename(table), salt });
  const { layout } = detectModel(tensors, { name: basename(table) });
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  };
  const write = (chunks: AsyncIterable<Uint8Array>) =>
    writeAtomically(output, (file) => writeChunks(file, counted(chunks)));
  if (/\.(pt|pth|ckpt)$/.test(output)) {
    const named = Array.from(tensors, ([name, tensor]) => {
      return [name, { ...tensor, alias: weights[name]?.alias_of }] as const;
    });
    await write(writeTorch(new Map(named), WRAPPINGS[layout] ?? 'flat'));
  } else if (output.endsWith('.safetensors')) {
    const sources = Array.from(tensors.values(), (tensor) => ({ ...tensor, bytes: () => tensor.read() }));
    await write(writeSafetensors(sources));
  } else
    throw new UsageError(`-o is '${output}', expected a name that ends in .pt, .pth, .ckpt or .safetensors`);
  return bytes;
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new FileError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}
