/** Passes at one clock differ by less, where the device itself tells their time. */
const NOISE = 0.02;
/** A clock rises within tens of ms of load, some of them without a sign of it: after this long it is up. */
const LEVEL_MS = 100;
/** No device is waited for longer. */
export const MOST_WAKING_MS = 300;

/** The rate of the last passes of load. */
export interface Woken {
  readonly rate: number;
  /** Whether it had stopped rising. */
  readonly level: boolean;
}

/**
 * A GPU that waits lowers its clock, an H200 from 1980 to 345 MHz, and what is timed before it is up again is that much
 * too slow. So load is run until its rate stops rising, or is what it once rose to.
 *
 * @param load runs one pass of some ms and tells its rate
 * @param known the rate at which it was level before; 0 if that is not known
 * @param noise what passes at one clock differ by, as a share of their rate
 */
export async function wake(load: () => Promise<number>, known: number, noise = NOISE): Promise<Woken> {
  const begin = performance.now();
  let rate = 0;
  let risen = begin;
  for (;;) {
    const next = await load();
    const now = performance.now();
    if (next > (1 + noise) * rate) {
      rate = next;
      risen = now;
    }
    if (known > 0 && next >= (1 - noise) * known) return { rate: Math.max(next, known), level: true };
    if (now - risen >= LEVEL_MS) return { rate, level: true };
    if (now - begin >= MOST_WAKING_MS) return { rate, level: false };
  }
}
