/** What a reader must know before trusting a report: what the device lacks, and what disturbed the measuring. */
import type { Clock } from './lab/lab.ts';
import { spread } from './measure.ts';

/** What is reported: kernels by their shares of a roof, or calls by the clock on the wall. */
export type Subject = 'kernels' | 'calls';

export interface Circumstances {
  readonly subject: Subject;
  /** Of the roof. */
  readonly clock: Clock;
  readonly software: boolean;
  /** Of the device. */
  readonly features: readonly string[];
  /** Whether the page was hidden at any time; false where there is no page. */
  readonly hidden: boolean;
  /** How often load did not raise the device's clock before something was timed. */
  readonly restless: number;
  /** The f32 roof at every look, in order. */
  readonly roof: readonly number[];
}

/** A roof may move so far, in its own share, before it is called drift. */
const DRIFT = 0.15;
/** Half of the looks may lie so far apart. */
const UNREST = 0.3;

/** What a reader is told, by what the figures are. */
const WORDS: Readonly<Record<Subject, Readonly<Record<'clock' | 'f16' | 'software' | 'holds', string>>>> = {
  kernels: {
    clock:
      'times are from the submit until the queue is done, over many runs in one pass; short kernels look slower than they are',
    f16: 'the f16 roof is not available, products are in f32',
    software: 'shares of a roof say how good the code is for it, not how fast a GPU is',
    holds: 'Shares of a roof are taken beside it and hold; milliseconds do not',
  },
  calls: {
    clock: "no call's time on the device is known, and the roof beside them was looked at by the wall, too",
    f16: 'products can be in f32 alone',
    software: 'ratios say how good the code is for it, milliseconds nothing of a GPU',
    holds: 'What took turns can be compared; milliseconds cannot',
  },
};

export function remarksOn({
  subject,
  clock,
  software,
  features,
  hidden,
  restless,
  roof,
}: Circumstances): string[] {
  const remarks: string[] = [];
  const words = WORDS[subject];
  const lacks = (feature: string) => !features.includes(feature);
  if (clock === 'wall' && !software) remarks.push(`no timestamp queries: ${words.clock}`);
  if (clock === 'wall' && software)
    remarks.push('a software adapter timed by the wall: other work on the machine is in the times');
  if (clock === 'timestamps' && software)
    remarks.push('a software adapter timed by its timestamps: other work on the machine is in the times');
  if (lacks('subgroups'))
    remarks.push('no subgroups: kernels that use them did not run, their plain forms were measured instead');
  if (lacks('shader-f16')) remarks.push(`no shader-f16: ${words.f16}`);
  if (software) remarks.push(`a software adapter: ${words.software}`);
  if (hidden)
    remarks.push(
      'the page was hidden for some of the time: browsers throttle hidden pages, measure again with the tab in front',
    );
  if (restless > 0)
    remarks.push(
      `${restless} times load did not raise the device's clock to where it rests: what was timed then may have had less than the full clock`,
    );
  remarks.push(...driftOf(roof, subject));
  return remarks;
}

/** Says so where the device's own speed changed while it was measured. */
export function driftOf(roof: readonly number[], subject: Subject): string[] {
  const third = Math.floor(roof.length / 3);
  if (third < 2) return [];
  const first = spread(roof.slice(0, third)).median;
  const last = spread(roof.slice(-third)).median;
  const change = last / first - 1;
  const percent = (share: number) => `${Math.abs(100 * share).toFixed(0)} %`;
  if (Math.abs(change) > DRIFT)
    return [
      `the f32 roof ${change < 0 ? 'fell' : 'rose'} by ${percent(change)} from the first third of the run to the last: a throttled tab, a hot device or other work. ${WORDS[subject].holds}`,
    ];
  const { median, q1, q3 } = spread(roof);
  if ((q3 - q1) / median > UNREST)
    return [
      `half of the looks at the f32 roof lie ${percent((q3 - q1) / median)} of it apart: the machine has other work; trust medians, and differences beyond their quartiles`,
    ];
  return [];
}
