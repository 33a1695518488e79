import { openAsBlob } from 'node:fs';
import process from 'node:process';

/** CPU milliseconds of this process, in which Dawn and wgpu compute for a software adapter. */
export async function cpuMsOfProcess(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new Error(`'${path}' cannot be opened: --model takes the path of a checkpoint`, { cause });
  }
}
