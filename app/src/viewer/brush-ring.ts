import { svg, type TemplateResult } from 'lit-html';
import { cssColor } from '../palette.ts';
import { type Camera, toScreen, type XY } from './geometry.ts';

/** How large the brush is, where it would be set down. */
export interface BrushRing {
  readonly at: XY;
  readonly diameter: number;
  /** 0 erases. */
  readonly classNumber: number;
}

/** A ring in the class's colour; the eraser's is white and dashed. */
export function brushRing(camera: Camera, { at, diameter, classNumber }: BrushRing): TemplateResult<2> {
  const { x, y } = toScreen(camera, at);
  const r = Math.max(1, (diameter / 2) * camera.scale);
  const kind = classNumber === 0 ? 'ring erases' : 'ring';
  return svg`
    <g class=${kind}><circle class="halo" cx=${x} cy=${y} r=${r} />
      <circle cx=${x} cy=${y} r=${r} stroke=${classNumber === 0 ? '#fff' : cssColor(classNumber)} /></g>`;
}
