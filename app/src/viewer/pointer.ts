import type { Tool } from '../state/options.ts';
import type { Press } from './gesture.ts';

/** What a press of this button with these keys means with this tool. */
export function meaningOf(
  event: Pick<PointerEvent, 'button' | 'shiftKey' | 'altKey'>,
  tool: Tool,
  spaceHeld: boolean,
): Press['meaning'] {
  if (event.button === 1 || spaceHeld || (tool === 'pan' && event.button === 0)) return 'pan';
  return event.button === 2 || event.shiftKey || event.altKey || tool === 'exclude' ? 'exclude' : 'include';
}

/** Zoom factor of a turn of the wheel, the same for pixels, lines and pages. */
export function wheelFactor(event: Pick<WheelEvent, 'deltaY' | 'deltaMode'>): number {
  const unit = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : 400;
  const turn = Math.max(-120, Math.min(120, event.deltaY * unit));
  return Math.exp(-turn / 300);
}
