/** Run by Deno: measures on wgpu. Arguments: what to do, and a file with what is given. The result is the last line. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { cpuMsOfProcess, openFile } from './process.ts';
import { type Work, type WorkName, workers } from './work.ts';

const [name = '', file = ''] = process.argv.slice(2);
// The file was written by bench/host/runtimes.ts, whose types say so. Deno does not tell how many cores there are.
const { given, cores } = JSON.parse(readFileSync(file, 'utf8')) as { given: unknown; cores: number };
const host = {
  gpu: navigator.gpu,
  cores,
  cpuMs: cpuMsOfProcess,
  say: (line: string) => console.error(line),
};

async function work<Name extends WorkName>(which: Name): Promise<unknown> {
  return workers[which](given as Work[Name]['given'], host, openFile);
}

console.log(JSON.stringify(await work(name as WorkName)));
process.exit(0);
