/** Times every entry of a census against the roofs, in turns with them. */

import type { Host } from '../lab/host.ts';
import type { Lab, Probe } from '../lab/lab.ts';
import type { RoofName, Roofs } from '../lab/roofs.ts';
import { type Spread, spread } from '../measure.ts';
import type { CensusEntry, Use } from './census.ts';
import { arithmeticOf, floorOf, type Rates, smoothed, type Work } from './efficiency.ts';

export interface KernelRow {
  readonly key: string;
  readonly kernel: string;
  readonly label: string;
  readonly shape: string;
  readonly flops: number;
  readonly bytes: number;
  readonly ms: Spread;
  readonly gflops: number;
  readonly gbps: number;
  /** The nearer roof: the one that asks for more time. */
  readonly roof: RoofName;
  /** Time at that roof, as it was at that moment, over the time taken: of each round. */
  readonly ofRoof: Spread;
  readonly uses: readonly Use[];
  /** Of the time of all dispatches of a part, by its name. */
  readonly share: Readonly<Record<string, number>>;
  readonly compileMs: number;
}

/** All dispatches of a part of a model together. */
export interface PartRow {
  readonly part: string;
  readonly dispatches: number;
  readonly gflop: number;
  /** Sum of the medians. */
  readonly ms: number;
  /** Sum of the times at the nearer roofs, over that. */
  readonly ofRoof: number;
}

/** So many entries between two looks at the roofs. */
const BETWEEN = 8;
/** What takes longer than this is timed three times at most. */
const LONG_MS = 1000;
const ROUNDS_IF_LONG = 3;

interface Runner {
  readonly entry: CensusEntry;
  readonly probe: Probe;
  readonly work: Work;
  readonly rounds: number;
  readonly ms: number[];
  readonly ofRoof: number[];
}

export interface CensusResult {
  readonly rows: readonly KernelRow[];
  readonly parts: readonly PartRow[];
  /** Every look at the roofs, in order. */
  readonly roofRounds: readonly Rates[];
}

export async function measureCensus(
  lab: Lab,
  roofs: Roofs,
  census: readonly CensusEntry[],
  { rounds, host }: { readonly rounds: number; readonly host: Host },
): Promise<CensusResult> {
  const ready: { readonly entry: CensusEntry; readonly probe: Probe }[] = [];
  for (const entry of census) {
    ready.push({ entry, probe: await lab.prepare(entry.dispatch) });
    if (ready.length % 25 === 0 || ready.length === census.length)
      host.say(`kernels: ${ready.length} of ${census.length} compiled`);
  }
  const runners: Runner[] = [];
  for (const [i, { entry, probe }] of ready.entries()) {
    if (i % BETWEEN === 0) await roofs.wake();
    const once = await lab.warmUp(probe);
    runners.push({
      entry,
      probe,
      work: { flops: probe.flops, bytes: probe.bytes, arithmetic: arithmeticOf(entry.dispatch) },
      rounds: once > LONG_MS ? Math.min(rounds, ROUNDS_IF_LONG) : rounds,
      ms: [],
      ofRoof: [],
    });
  }
  const roofRounds: Rates[] = [];
  for (let round = 0; round < rounds; round++) {
    await sweep(
      lab,
      roofs,
      runners.filter((runner) => round < runner.rounds),
      roofRounds,
    );
    host.say(`kernels: round ${round + 1} of ${rounds}`);
  }
  return { ...tabulate(runners, medians(roofRounds)), roofRounds };
}

/** One round of all, with a look at the roofs before, between and after. */
async function sweep(lab: Lab, roofs: Roofs, runners: readonly Runner[], looks: Rates[]): Promise<void> {
  await roofs.wake();
  const first = looks.length;
  const times: number[] = [];
  for (const [i, { probe }] of runners.entries()) {
    if (i % BETWEEN === 0) looks.push(await look(roofs));
    times.push(await lab.time(probe));
  }
  looks.push(await look(roofs));
  const round = looks.slice(first);
  for (const [i, { work, ms, ofRoof }] of runners.entries()) {
    const time = times[i] ?? Number.NaN;
    const rates: Rates = Object.fromEntries(
      roofs.names.map((name) => [
        name,
        smoothed(
          round.map((each) => each[name] ?? Number.NaN),
          Math.floor(i / BETWEEN),
        ),
      ]),
    );
    ms.push(time);
    ofRoof.push(floorOf(work, rates).ms / time);
  }
}

async function look(roofs: Roofs): Promise<Rates> {
  const rates: Partial<Record<RoofName, number>> = {};
  for (const name of roofs.names) rates[name] = await roofs.now(name);
  return rates;
}

function medians(looks: readonly Rates[]): Rates {
  const names = Object.keys(looks[0] ?? {}) as RoofName[];
  return Object.fromEntries(
    names.map((name) => [name, spread(looks.map((rates) => rates[name] ?? Number.NaN)).median]),
  );
}

function tabulate(runners: readonly Runner[], rates: Rates): Pick<CensusResult, 'rows' | 'parts'> {
  const timed = runners.map((runner) => ({ ...runner, spread: spread(runner.ms) }));
  const parts = [...new Set(timed.flatMap(({ entry }) => entry.uses.map(({ part }) => part)))];
  const partRows = parts.map((part): PartRow => {
    let [dispatches, flops, ms, floor] = [0, 0, 0, 0];
    for (const { entry, work, spread: own } of timed) {
      const count = entry.uses.find((use) => use.part === part)?.count ?? 0;
      dispatches += count;
      flops += count * work.flops;
      ms += count * own.median;
      floor += count * floorOf(work, rates).ms;
    }
    return { part, dispatches, gflop: flops / 1e9, ms, ofRoof: floor / ms };
  });
  const rows = timed.map(({ entry, probe, work, spread: ms, ofRoof }): KernelRow => {
    const { key, label, shape, uses } = entry;
    const total = (part: string) => partRows.find((row) => row.part === part)?.ms ?? Number.NaN;
    return {
      key,
      kernel: probe.kernel,
      label,
      shape,
      flops: work.flops,
      bytes: work.bytes,
      ms,
      gflops: work.flops / ms.median / 1e6,
      gbps: work.bytes / ms.median / 1e6,
      roof: floorOf(work, rates).roof,
      ofRoof: spread(ofRoof),
      uses,
      share: Object.fromEntries(uses.map(({ part, count }) => [part, (count * ms.median) / total(part)])),
      compileMs: probe.compileMs,
    };
  });
  return { rows, parts: partRows };
}
