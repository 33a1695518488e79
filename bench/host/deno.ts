/** Run by Deno: measures on wgpu. Arguments: what to do, and a file with what is given. The result is the last line. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';
import { cpuMsOfProcess, openFile } from './process.ts';
import { type Work, type WorkName, workers } from './work.ts';

const [name = '', file = ''] = process.argv.slice(2);
const given: unknown = JSON.parse(readFileSync(file, 'utf8'));
const host = {
  gpu: navigator.gpu,
  cores: cpus().length,
  cpuMs: cpuMsOfProcess,
  say: (line: string) => console.error(line),
};

async function work<Name extends WorkName>(which: Name): Promise<unknown> {
  // The file was written by bench/host/runtimes.ts, whose types say so.
  return workers[which](given as Work[Name]['given'], host, openFile);
}

console.log(JSON.stringify(await work(name as WorkName)));
process.exit(0);
