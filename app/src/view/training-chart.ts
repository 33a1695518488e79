import { html, nothing, svg, type TemplateResult } from 'lit-html';
import { logScale, type Points, type Scale, ticksTo } from '../../../src/training.ts';
import { cssColor } from '../palette.ts';
import { type Curves, stepsOf } from '../state/training.ts';
import { SHARE } from '../training/scale.ts';
import { diceOf, lossOfEpochs, lossOfSteps } from '../training/series.ts';
import { score } from './format.ts';

const WIDTH = 296;
const HEIGHT = 112;
const PLOT = { left: 30, right: WIDTH - 6, top: 8, bottom: HEIGHT - 18 } as const;

interface Line {
  readonly points: Points;
  /** A CSS colour; the text's own where there is none. */
  readonly colour: string | null;
  readonly isFaint?: boolean;
}

/** Loss and Dice over the steps, as they come. What the curves show is said in words, too. */
export function trainingChart(curves: Curves, steps: number): TemplateResult | typeof nothing {
  const last = stepsOf(curves).at(-1);
  if (last === undefined) return nothing;
  const loss = lossOfSteps(curves);
  const means = lossOfEpochs(curves);
  const dice = diceOf(curves);
  const names = curves.classNames;
  const classes = names.map((_, i): Line => ({ points: diceOf(curves, i), colour: cssColor(i + 1) }));
  const diceLines = names.length > 1 ? [...classes, { points: dice, colour: null }] : classes;
  const x = Math.max(steps, last.step);
  const [first] = loss;
  const lossWords = `Loss ${amount(first?.[1] ?? 0)} at the first step, ${amount(last.losses.total)} at step ${last.step}.`;
  const lastDice = dice.at(-1);
  const best = dice.reduce((most, [, value]) => Math.max(most, value), 0);
  const diceWords =
    lastDice && `Validation Dice ${score(lastDice[1])} at step ${lastDice[0]}, best ${score(best)}.`;
  return html`
    <div class="curves">
      <p class="curve-title"><span>Loss</span><output class="loss" aria-live="off">${amount(last.losses.total)}</output></p>
      ${plot(lossWords, logScale(loss.map(([, y]) => y)), x, [
        { points: loss, colour: null, isFaint: true },
        { points: means, colour: null },
      ])}
      ${
        lastDice && diceWords
          ? html`
      <p class="curve-title"><span>Dice of the held-out pictures</span><output class="dice" aria-live="off">${score(lastDice[1])}</output></p>
      ${plot(diceWords, SHARE, x, diceLines)}
      ${names.length > 1 ? legend(curves) : nothing}`
          : nothing
      }
    </div>`;
}

function legend(curves: Curves): TemplateResult {
  const entry = (name: string, colour: string, points: Points) => html`
    <li><span class="dot" .style=${`background: ${colour}`}></span>${name} ${score(points.at(-1)?.[1] ?? 0)}</li>`;
  return html`
    <ul class="legend">${curves.classNames.map((name, i) => entry(name, cssColor(i + 1), diceOf(curves, i)))}
      ${entry('Mean', 'currentColor', diceOf(curves))}</ul>`;
}

function plot(words: string, scale: Scale, longest: number, lines: readonly Line[]): TemplateResult {
  const placeX = (x: number) => PLOT.left + (x / longest) * (PLOT.right - PLOT.left);
  const placeY = (y: number) => PLOT.bottom - scale.place(y) * (PLOT.bottom - PLOT.top);
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words}>
      ${scale.ticks.map(
        (tick) => svg`
        <path class="grid" d=${`M${PLOT.left} ${rounded(placeY(tick))}H${PLOT.right}`} />
        <text x=${PLOT.left - 5} y=${rounded(placeY(tick) + 3.5)} text-anchor="end">${tick}</text>`,
      )}
      ${ticksTo(longest).map(
        (tick) => svg`
        <text x=${rounded(placeX(tick))} y=${HEIGHT - 4} text-anchor=${anchor(placeX(tick))}>${tick === 0 ? 'step 0' : tick}</text>`,
      )}
      ${lines.map(({ points, colour, isFaint }) => line(points, placeX, placeY, colour, isFaint ?? false))}
    </svg>`;
}

function line(
  points: Points,
  placeX: (x: number) => number,
  placeY: (y: number) => number,
  colour: string | null,
  isFaint: boolean,
): TemplateResult<2> | typeof nothing {
  const places = points
    .filter(([, y]) => Number.isFinite(placeY(y)))
    .map(([x, y]) => `${rounded(placeX(x))} ${rounded(placeY(y))}`);
  const [only] = places;
  const look = isFaint ? 'curve faint' : 'curve';
  if (only === undefined) return nothing;
  // A line of no length with round ends is a dot.
  const d = places.length === 1 ? `M${only}h.01` : `M${places.join('L')}`;
  return svg`<path class=${places.length === 1 ? `${look} single` : look} .style=${colour === null ? '' : `stroke: ${colour}`} d=${d} />`;
}

/** Numbers stay inside the picture. */
function anchor(x: number): string {
  if (x - PLOT.left < 15) return 'start';
  return PLOT.right - x < 15 ? 'end' : 'middle';
}

const amount = (value: number) => value.toPrecision(3);
const rounded = (value: number) => Math.round(value * 10) / 10;
