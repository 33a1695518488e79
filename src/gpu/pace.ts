/** What of a dispatch takes time. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

/** How long a submit may keep the device: the page draws, and the driver's watchdog (2 s) is far. */
const SUBMIT_MS = 200;
/** Flops that a device does while it moves a byte: 5 on SwiftShader, 15 on an H200. */
const FLOPS_PER_BYTE = 8;
/** Before anything was timed. A software adapter does some 20 GFLOP/s, the slowest GPU that runs WebGPU some 200. */
const FLOPS_PER_MS = { cpu: 2e7, gpu: 2e8 };
/** Of a submit's time, so that one in a busier moment is still short enough. */
const MARGIN = 0.7;

/** Cuts a long stage into submits of bounded time. The pace is a guess at first; each submit that was timed corrects it. */
export class Pace {
  #flopsPerMs: number;

  constructor(cpu: boolean) {
    this.#flopsPerMs = cpu ? FLOPS_PER_MS.cpu : FLOPS_PER_MS.gpu;
  }

  /** How many dispatches, from `first` on, make the next submit: one at least. */
  next(dispatches: readonly Work[], first: number): number {
    const limit = SUBMIT_MS * this.#flopsPerMs;
    let work = 0;
    let count = 0;
    for (const dispatch of dispatches.slice(first)) {
      work += flopsOf(dispatch);
      if (count > 0 && work > limit) break;
      count += 1;
    }
    return count;
  }

  /** Takes note of what these dispatches took together. */
  learn(dispatches: readonly Work[], ms: number): void {
    if (ms <= 0) return;
    const seen = (MARGIN * dispatches.reduce((sum, dispatch) => sum + flopsOf(dispatch), 0)) / ms;
    // Slower at once, faster by and by: what was long once may be long again.
    this.#flopsPerMs = Math.min(seen, 0.8 * this.#flopsPerMs + 0.2 * seen);
  }
}

const flopsOf = ({ flops, bytes }: Work): number => flops + FLOPS_PER_BYTE * bytes;
