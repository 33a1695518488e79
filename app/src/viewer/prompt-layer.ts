import { nothing, svg, type TemplateResult } from 'lit-html';
import type { Box } from '../../../src/index.ts';
import type { ClassOutline } from '../labels/label-layer.ts';
import { cssColor } from '../palette.ts';
import type { ClassPrompts, PromptPoint } from '../state/prompts.ts';
import { type BrushRing, brushRing } from './brush-ring.ts';
import { type Camera, corners, pixelCentre, toScreen, type XY } from './geometry.ts';

/** What the vector layer above the picture shows, in pixels of the picture; outlines as SVG path data. */
export interface PromptLayer {
  readonly camera: Camera;
  /** Of masks that are proposed. */
  readonly outlines: readonly ClassOutline[];
  readonly labelOutlines: readonly ClassOutline[];
  readonly predictedBoxes: readonly { readonly classNumber: number; readonly box: Box }[];
  readonly prompts: readonly { readonly classNumber: number; readonly prompts: ClassPrompts }[];
  readonly active: number;
  /** The box that is being drawn. */
  readonly draft: Box | null;
  /** The keyboard's cursor, and the first corner of the box that is being set with it. */
  readonly cursor: XY | null;
  readonly ring: BrushRing | null;
}

export function promptLayer(layer: PromptLayer): TemplateResult<2> {
  const { camera, active } = layer;
  return svg`
    ${layer.labelOutlines.map((entry) => contourPath(camera, entry, 'contour'))}
    ${layer.outlines.map((entry) => contourPath(camera, entry, 'contour proposal'))}
    ${layer.predictedBoxes.map(({ classNumber, box }) => rectangle(camera, box, classNumber, 'predicted'))}
    ${layer.prompts.map(
      ({ classNumber, prompts }) => svg`
      <g class=${classNumber === active ? 'prompts' : 'prompts inactive'}>
        ${prompts.box && classNumber === active && layer.draft ? nothing : boxOf(camera, prompts.box, classNumber)}
        ${prompts.points.map((point) => pointGlyph(camera, point))}
      </g>`,
    )}
    ${layer.draft ? rectangle(camera, layer.draft, active, 'draft') : nothing}
    ${layer.cursor ? crosshair(toScreen(camera, pixelCentre(layer.cursor))) : nothing}
    ${layer.ring ? brushRing(camera, layer.ring) : nothing}`;
}

function contourPath(
  camera: Camera,
  { classNumber, outline: d }: ClassOutline,
  kind: string,
): TemplateResult<2> {
  const transform = `translate(${camera.x} ${camera.y}) scale(${camera.scale})`;
  return svg`
    <path class="halo" d=${d} transform=${transform} />
    <path class=${kind} d=${d} transform=${transform} stroke=${cssColor(classNumber)} />`;
}

function boxOf(camera: Camera, box: Box | null, classNumber: number): TemplateResult<2> | typeof nothing {
  if (box === null) return nothing;
  return svg`
    ${rectangle(camera, box, classNumber, 'box')}
    ${corners(box).map((corner) => {
      const at = toScreen(camera, corner);
      return svg`<rect class="handle" x=${at.x - 4} y=${at.y - 4} width="8" height="8" stroke=${cssColor(classNumber)} />`;
    })}`;
}

function rectangle(
  camera: Camera,
  [x0, y0, x1, y1]: Box,
  classNumber: number,
  kind: string,
): TemplateResult<2> {
  const from = toScreen(camera, { x: x0, y: y0 });
  const to = toScreen(camera, { x: x1, y: y1 });
  const { x, y } = from;
  return svg`
    <rect class="halo" x=${x} y=${y} width=${to.x - x} height=${to.y - y} />
    <rect class=${kind} x=${x} y=${y} width=${to.x - x} height=${to.y - y} stroke=${cssColor(classNumber)} />`;
}

/** Plus or minus as well as colour: nobody has to tell green from red. */
function pointGlyph(camera: Camera, point: PromptPoint): TemplateResult<2> {
  const { x, y } = toScreen(camera, pixelCentre(point));
  const sign = point.label === 1 ? 'M-4.5 0H4.5M0 -4.5V4.5' : 'M-4.5 0H4.5';
  return svg`
    <g class=${point.label === 1 ? 'point positive' : 'point negative'} transform=${`translate(${x} ${y})`}>
      <circle r="9" /><path d=${sign} />
    </g>`;
}

function crosshair({ x, y }: XY): TemplateResult<2> {
  const d = 'M-16 0H-5M5 0H16M0 -16V-5M0 5V16';
  return svg`
    <g class="cursor" transform=${`translate(${x} ${y})`}><path class="halo" d=${d} /><path d=${d} /></g>`;
}
