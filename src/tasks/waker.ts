import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';
import { wake } from '../gpu/wake.ts';
import type { Contest } from './contests.ts';
import { type Entrant, Stopwatch } from './stopwatch.ts';

/** Passes of 2 ms by the clock on the wall scatter by so much. */
const NOISE = 0.1;
/** Runs so long raise a clock by themselves: more of them would use up the time that tuning has. */
const LONG_MS = 50;

/** Keeps a GPU's clock up with load that is at hand: the default of the first class, which has the most arithmetic. */
export class Waker {
  readonly #gpu: Gpu;
  readonly #stopwatch: Stopwatch;
  readonly #contests: readonly Contest[];
  #load: Entrant | undefined;
  /** Runs a millisecond when the clock was last up. */
  #rate = 0;

  constructor(gpu: Gpu, pipelines: PipelineCache, contests: readonly Contest[]) {
    this.#gpu = gpu;
    this.#stopwatch = new Stopwatch(gpu, pipelines);
    this.#contests = contests;
  }

  /** @param isOver is asked between passes; a software adapter needs no waking */
  async wake(isOver: () => boolean): Promise<void> {
    if (this.#gpu.traits.cpu) return;
    const known = this.#load;
    const load = known ?? (await this.#enter());
    this.#load = load;
    if (!load || load.once >= LONG_MS) return;
    const pass = async () => 1 / (await load.lap());
    const { rate, level } = await wake(pass, this.#rate, NOISE, isOver);
    // A clock that did not come up is nothing to be content with next time.
    if (level) this.#rate = rate;
    if (known || isOver()) return;
    // How many runs make a pass was decided at the clock of a device that waited.
    this.#stopwatch.dispose();
    this.#load = await this.#enter();
    this.#rate = this.#load ? 1 / (await this.#load.lap()) : 0;
  }

  dispose(): void {
    this.#stopwatch.dispose();
  }

  async #enter(): Promise<Entrant | undefined> {
    const [dispatches = []] = this.#contests[0]?.contestants.values() ?? [];
    try {
      return await this.#stopwatch.enter(dispatches);
    } catch (error) {
      if (!(error instanceof GpuError)) throw error;
      await hearAll(this.#gpu);
      return undefined;
    }
  }
}

/** What else the device says of what it refused must not be laid to what it is given next. */
export async function hearAll(gpu: Gpu): Promise<void> {
  try {
    await gpu.settle();
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
  }
}
