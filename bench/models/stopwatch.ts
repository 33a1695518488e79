import type { Host } from '../lab/host.ts';

/** Times a call by the clock on the wall, and by the GPU process's CPU time where the host knows it. */
export class Stopwatch {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async time<T>(work: () => Promise<T>): Promise<{ value: T; ms: number; cpu: number | null }> {
    const { cpuMs, cores } = this.#host;
    const used = await cpuMs?.();
    const start = performance.now();
    const value = await work();
    const ms = performance.now() - start;
    const now = await cpuMs?.();
    return { value, ms, cpu: used === undefined || now === undefined ? null : (now - used) / cores };
  }
}
