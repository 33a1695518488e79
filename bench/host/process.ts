import { openAsBlob } from 'node:fs';
import process from 'node:process';

/** CPU milliseconds of this process, in which Dawn and wgpu compute for a software adapter. */
export async function cpuMsOfProcess(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export const openFile = (path: string): Promise<Blob> => openAsBlob(path);
