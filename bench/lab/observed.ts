/** What disturbs measuring is looked for from before it until after it. */
import { requestDevice } from '../../src/gpu/device.ts';
import type { Ladder } from '../kernels/ladder.ts';
import { remarksOn } from '../remarks.ts';
import type { Host } from './host.ts';
import { Lab } from './lab.ts';
import { Roofs } from './roofs.ts';

/** Looks at the roof before, and as many after: drift is seen between the first third of all and the last. */
const LOOKS = 6;

/**
 * Does work whose calls are timed by the wall. The f32 roof is looked at before and after, on a device of its own: a
 * software adapter's by the wall, too, since other programs slow the calls down as well.
 */
export async function observed<T>(
  ladder: Ladder,
  host: Host,
  work: () => Promise<T>,
): Promise<{ readonly made: T; readonly remarks: readonly string[] }> {
  const hidden = watchVisibility();
  const gpu = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  try {
    const { cpu: software } = gpu.traits;
    const lab = new Lab(gpu, host, software ? 'wall' : undefined);
    const roofs = await Roofs.measure(lab, ladder, host, LOOKS, ['f32']);
    const roof: number[] = [];
    const look = async () => {
      await roofs.wake();
      for (let i = 0; i < LOOKS; i++) roof.push(await roofs.now('f32'));
    };
    await look();
    const made = await work();
    await look();
    const features = [...gpu.device.features];
    const remarks = remarksOn({
      ...{ subject: 'calls', clock: lab.clock, software, features, hidden: hidden(), roof },
      restless: roofs.restless,
    });
    return { made, remarks };
  } finally {
    gpu.device.destroy();
  }
}

/** Whether the page was hidden since; never where there is no page. */
export function watchVisibility(): () => boolean {
  const { document } = globalThis;
  if (!document) return () => false;
  let { hidden } = document;
  document.addEventListener('visibilitychange', () => {
    hidden ||= document.hidden;
  });
  return () => hidden;
}
