/** Passes at one clock differ by less, where the device itself tells their time. */
const NOISE = 0.02;
/** A clock rises within tens of ms of load, some of them without a sign of it: after this long it is up. */
const LEVEL_MS = 100;
/** Less than this share of a rate that a device once had is no heat: it is still asleep, though its clock does not stir. */
const ASLEEP = 0.6;
/** No device is waited for longer, but one that is known to be asleep. */
const MOST_WAKING_MS = 300;
const MOST_ASLEEP_MS = 1000;

/** The rate of the last passes of load. */
export interface Woken {
  readonly rate: number;
  /** Whether it had stopped rising, and is not asleep. */
  readonly level: boolean;
}

/**
 * A GPU that waits lowers its clock, an H200 from 1980 to 345 MHz, and what is timed before it is up again is that much
 * too slow. So load is run until its rate stops rising, or is what it once rose to.
 *
 * @param load runs one pass of some ms and tells its rate
 * @param known the rate at which it was level before; 0 if that is not known
 * @param noise what passes at one clock differ by, as a share of their rate
 * @param isOver whether there is no more time for it: asked after each pass
 */
export async function wake(
  load: () => Promise<number>,
  known: number,
  noise = NOISE,
  isOver = () => false,
): Promise<Woken> {
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
    const asleep = rate < ASLEEP * known;
    if (!asleep && now - risen >= LEVEL_MS) return { rate, level: true };
    if (isOver() || now - begin >= (asleep ? MOST_ASLEEP_MS : MOST_WAKING_MS)) return { rate, level: false };
  }
}
