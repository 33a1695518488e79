/** What a page, Node or Deno is asked to measure. Arguments and results are plain JSON. */
import { type KernelOptions, type KernelReport, reportKernels } from '../kernel-report.ts';
import type { Ladder } from '../kernels/ladder.ts';
import { type LadderOptions, type LadderReport, measureLadder } from '../kernels/measure.ts';
import type { Host } from '../lab/host.ts';
import { observed } from '../lab/observed.ts';
import { type ModelOptions, type ModelReport, measureModel } from '../models/measure.ts';
import type { ModelSource, OpenFile } from '../models/source.ts';

/** By its name, what is given and what comes back. */
export interface Work {
  kernels: { given: { ladder: Ladder; options: KernelOptions }; made: KernelReport };
  ladder: { given: { ladder: Ladder; options: LadderOptions }; made: LadderReport };
  model: { given: { ladder: Ladder; source: ModelSource; options: ModelOptions }; made: ModelReport };
}

export type WorkName = keyof Work;

type Worker = {
  readonly [Name in WorkName]: (
    given: Work[Name]['given'],
    host: Host,
    open: OpenFile,
  ) => Promise<Work[Name]['made']>;
};

export const workers: Worker = {
  kernels: ({ ladder, options }, host, open) => reportKernels(ladder, options, host, open),
  ladder: ({ ladder, options }, host) => measureLadder(ladder, options, host),
  model: async ({ ladder, source, options }, host, open) => {
    const { made, remarks } = await observed(ladder, host, () => measureModel(source, host, open, options));
    return { ...made, remarks };
  },
};
