import { basename, extname, join, resolve } from 'node:path';
import { UsageError } from './errors.ts';

/** Where the results of one picture go. */
export interface Outputs {
  readonly picture: string;
  readonly stem: string;
  readonly mask: string;
  readonly overlay: string;
  readonly report: string;
  /** One a mask, with --multimask. */
  readonly masks: readonly string[];
}

export const MULTIMASKS = 3;

/**
 * The files that a run will write.
 * @throws UsageError where two of them would be the same file, or one would replace an input
 */
export function planOutputs(
  pictures: readonly string[],
  folder: string,
  options: {
    readonly multimask: boolean;
    readonly dump?: string | undefined;
    readonly inputs: readonly string[];
  },
): Outputs[] {
  const plans = pictures.map((picture): Outputs => {
    const stem = basename(picture, extname(picture));
    const path = (ending: string) => join(folder, `${stem}${ending}`);
    const numbers = Array.from({ length: options.multimask ? MULTIMASKS : 0 }, (_, i) => i + 1);
    return {
      picture,
      stem,
      mask: path('_mask.png'),
      overlay: path('_overlay.png'),
      report: path('.json'),
      masks: numbers.map((number) => path(`_mask_${number}.png`)),
    };
  });
  const writers = new Map<string, string>();
  for (const input of [...pictures, ...options.inputs]) writers.set(identity(input), `the input ${input}`);
  const claim = (path: string, writer: string) => {
    const other = writers.get(identity(path));
    if (other !== undefined)
      throw new UsageError(
        `${writer} would write ${path}, which is also ${other}; rename one, or run them with different -o folders`,
      );
    writers.set(identity(path), `written for ${writer}`);
  };
  for (const { picture, mask, overlay, report, masks } of plans) {
    for (const path of [mask, overlay, report, ...masks]) claim(path, picture);
  }
  if (options.dump !== undefined) claim(options.dump, '--dump');
  return plans;
}

/** File systems of macOS and Windows take names that differ in case for one. */
const identity = (path: string) => resolve(path).toLowerCase();
