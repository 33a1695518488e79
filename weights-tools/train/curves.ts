import { DatasetError } from '../../src/tasks/masks/error.ts';
import { isRepeated, meanDice } from '../../src/tasks/train/curves.ts';
import type { Losses, StepEvent, TrainingEvent, ValidationEvent } from './engine.ts';

const TERMS: readonly (keyof Losses)[] = ['total', 'dice', 'focal', 'box', 'object', 'interim'];

/** All steps and validations of a run: what the CSV holds, the SVG draws, and a checkpoint carries on. */
export class Curves {
  readonly classNames: readonly string[];
  readonly #events: TrainingEvent[] = [];

  constructor(classNames: readonly string[]) {
    this.classNames = classNames;
  }

  /** A resumed run may measure an epoch again that was measured before it was interrupted. */
  add(event: TrainingEvent): void {
    if (!isRepeated(this.#events.at(-1), event)) this.#events.push(event);
  }

  get steps(): readonly StepEvent[] {
    return this.#events.filter((event) => event.kind === 'step');
  }

  get validations(): readonly ValidationEvent[] {
    return this.#events.filter((event) => event.kind === 'validation');
  }

  /** One row a step, and one a validation, whose loss cells are empty; so is a norm that was not finite. Numbers are exact: they read back as they were. */
  toCsv(): string {
    const dice = this.classNames.map((name) => quoted(`val_dice ${name}`));
    const header = [
      'epoch',
      'step',
      'learning_rate',
      ...TERMS.map((term) => `loss_${term}`),
      'val_dice',
      ...dice,
      'gradient_norm',
    ];
    const rows = this.#events.map((event) => {
      const { epoch, step } = event;
      return event.kind === 'step'
        ? [
            epoch,
            step,
            event.learningRate,
            ...TERMS.map((term) => event.losses[term]),
            '',
            ...dice.map(() => ''),
            event.gradientNorm ?? '',
          ]
        : [
            epoch,
            step,
            '',
            ...TERMS.map(() => ''),
            meanDice(event) ?? '',
            ...event.dice.map((one) => one ?? ''),
            '',
          ];
    });
    return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;
  }

  /**
   * The inverse of `toCsv`, for runs that go on.
   * @throws DatasetError where the text is no such CSV
   */
  static fromCsv(text: string, classNames: readonly string[]): Curves {
    const curves = new Curves(classNames);
    const [, ...rows] = text.trimEnd().split('\n');
    for (const row of rows) {
      const cells = row.split(',').map((cell) => (cell === '' ? null : Number(cell)));
      const [epoch, step, learningRate, ...values] = cells;
      const [total, dice, focal, box, object, interim, , ...perClass] = values;
      if (typeof epoch !== 'number' || typeof step !== 'number' || cells.some(Number.isNaN))
        throw new DatasetError(`the curves of the checkpoint cannot be read at '${row}'`);
      if (learningRate === null || learningRate === undefined)
        curves.add({ kind: 'validation', epoch, step, dice: classNames.map((_, i) => perClass[i] ?? null) });
      else {
        const of = (value: number | null | undefined) => value ?? Number.NaN;
        const losses = {
          ...{ total: of(total), dice: of(dice), focal: of(focal) },
          ...{ box: of(box), object: of(object), interim: of(interim) },
        };
        // Curves of before it was told have no such cell.
        const gradientNorm = perClass[classNames.length] ?? null;
        curves.add({ kind: 'step', epoch, step, learningRate, losses, gradientNorm });
      }
    }
    return curves;
  }
}

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
