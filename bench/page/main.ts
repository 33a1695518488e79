/** What bench/host/runtimes.ts calls in the page. Arguments and results are plain JSON. */
import { type Work, type WorkName, workers } from '../host/work.ts';
import type { Ladder } from '../kernels/ladder.ts';
import type { Host } from '../lab/host.ts';
import { observed } from '../lab/observed.ts';
import { type SideBySide, type SideBySideOptions, sideBySide } from './side-by-side.ts';

declare global {
  interface Window {
    readonly bench: Bench;
    /** Of the program that opened the page. */
    readonly hostSay: (line: string) => Promise<void>;
    readonly hostCores: () => Promise<number>;
    /** Absent where the system does not tell. */
    readonly hostCpuMs?: () => Promise<number>;
  }
}

async function host(): Promise<Host> {
  const { hostSay, hostCores, hostCpuMs } = window;
  return {
    cores: await hostCores(),
    ...(hostCpuMs ? { cpuMs: hostCpuMs } : {}),
    say: (line) => void hostSay(line),
  };
}

const open = async (address: string) => (await fetch(address)).blob();

const bench = {
  async work<Name extends WorkName>(name: Name, given: Work[Name]['given']): Promise<Work[Name]['made']> {
    return workers[name](given, await host(), open);
  },

  /** Our engine and onnxruntime-web in turns. */
  async sideBySide(ladder: Ladder, options: SideBySideOptions): Promise<SideBySide> {
    const own = await host();
    const { made, remarks } = await observed(ladder, own, () => sideBySide(options, own));
    return { ...made, remarks };
  },
};

export type Bench = typeof bench;
Object.assign(window, { bench });
