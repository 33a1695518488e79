import { wheelFactor } from './pointer.ts';
import type { Viewer } from './viewer.ts';

/** Hands mouse, pen, touch and wheel to the viewer, and writes the pixel under the pointer into `readout`. */
export function listenToPointer(host: HTMLElement, viewer: Viewer, readout: HTMLElement): void {
  host.addEventListener('pointerdown', (event) => {
    host.setPointerCapture(event.pointerId);
    // Keeps the middle button from scrolling.
    if (event.button === 1) event.preventDefault();
    viewer.down(event);
  });
  host.addEventListener('pointermove', (event) => viewer.moved(event));
  host.addEventListener('pointerup', (event) => viewer.up(event));
  host.addEventListener('pointercancel', () => viewer.cancel());
  host.addEventListener('pointerleave', () => viewer.left());
  host.addEventListener('contextmenu', (event) => event.preventDefault());
  host.addEventListener('wheel', (event) => zoom(event, host, viewer), { passive: false });
  viewer.onReadout = ({ at, scale }) => {
    const place = at ? `x ${Math.floor(at.x)}, y ${Math.floor(at.y)} · ` : '';
    readout.textContent = `${place}${Math.round(scale * 100)} %`;
  };
}

function zoom(event: WheelEvent, host: HTMLElement, viewer: Viewer): void {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const { left, top } = host.getBoundingClientRect();
  viewer.zoomAt({ x: event.clientX - left, y: event.clientY - top }, wheelFactor(event));
}
