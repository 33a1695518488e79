/** Each ladder's kernel of now beside its version 0, against the roofs, in one run. */
import { type Gpu, requestDevice } from '../../src/gpu/device.ts';
import { Graph } from '../../src/graph/graph.ts';
import { arithmeticOf, floorOf, type Rates } from '../census/efficiency.ts';
import type { Host } from '../lab/host.ts';
import { type Clock, Lab, type Probe } from '../lab/lab.ts';
import { watchVisibility } from '../lab/observed.ts';
import { type RoofName, Roofs } from '../lab/roofs.ts';
import { summarise } from '../measure.ts';
import { remarksOn } from '../remarks.ts';
import { kernelCases } from './cases.ts';
import type { Ladder } from './ladder.ts';
import type { Recorder } from './recorder.ts';

export interface LadderRow {
  readonly op: string;
  readonly name: string;
  readonly version: string;
  /** The kernel that was dispatched. */
  readonly kernel: string;
  /** Median. */
  readonly ms: number;
  readonly min: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Of the nearer roof: the time that arithmetic or memory needs at least, over the time it took. */
  readonly ofRoof: number;
  /** Times as fast as version 0. */
  readonly gain: number | null;
  readonly compileMs: number;
}

export interface LadderReport {
  readonly adapter: Gpu['adapter'];
  readonly clock: Clock;
  readonly roofs: Roofs['list'];
  readonly rows: readonly LadderRow[];
  readonly remarks: readonly string[];
}

export interface LadderOptions {
  readonly rounds: number;
  /** Cases whose name contains this. */
  readonly only: string;
  readonly large: boolean;
}

export async function measureLadder(
  ladder: Ladder,
  { rounds, only, large }: LadderOptions,
  host: Host,
): Promise<LadderReport> {
  const hidden = watchVisibility();
  const gpu = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  const lab = new Lab(gpu, host);
  const roofs = await Roofs.measure(lab, ladder, host, Math.max(7, rounds));
  const rows: LadderRow[] = [];
  const roof: number[] = [];
  for (const { op, name, versions } of kernelCases(ladder, large, gpu.traits.cpu)) {
    if (!`${op} ${name}`.includes(only)) continue;
    const contestants: Contestant[] = [];
    for (const [version, record] of Object.entries(versions))
      contestants.push(await enter(lab, version, record));
    const looks = await race(lab, roofs, contestants, rounds);
    roof.push(...(looks.get('f32') ?? []));
    const rates: Rates = Object.fromEntries([...looks].map(([name, each]) => [name, summarise(each).median]));
    const v0 = contestants.find(({ version }) => version === 'v0');
    for (const { version, probe, arithmetic, times } of contestants) {
      const { median, min } = summarise(times);
      const { kernel, flops, bytes, compileMs } = probe;
      const gain = v0 ? summarise(v0.times).median / median : null;
      const floor = floorOf({ flops, bytes, arithmetic }, rates).ms;
      rows.push({
        ...{ op, name, version, kernel, min, gain, compileMs },
        ms: median,
        gflops: flops / median / 1e6,
        gbps: bytes / median / 1e6,
        ofRoof: floor / median,
      });
    }
    host.say(`ladder: ${op} ${name}`);
  }
  const [software, features] = [gpu.traits.cpu, [...gpu.device.features]];
  gpu.device.destroy();
  const remarks = remarksOn({
    ...{ subject: 'kernels', clock: lab.clock, software, features, hidden: hidden(), roof },
    restless: roofs.restless,
  });
  return { adapter: gpu.adapter, clock: lab.clock, roofs: roofs.list, rows, remarks };
}

interface Contestant {
  readonly version: string;
  readonly probe: Probe;
  readonly arithmetic: 'f32' | 'f16';
  readonly times: number[];
}

async function enter(lab: Lab, version: string, record: Recorder): Promise<Contestant> {
  const g = new Graph('bench', lab.gpu.traits);
  record(g);
  // What goes before or after it, terms of positions or the merging of chunks, has rows of its own in the models' tables.
  const [dispatch] = [...g.finish().dispatches].sort((a, b) => b.flops - a.flops);
  if (!dispatch) throw new Error('nothing was recorded');
  const probe = await lab.prepare(dispatch);
  return { version, probe, arithmetic: arithmeticOf(dispatch), times: [] };
}

/** All in turns, with the roofs among them. @returns the roofs at each of these rounds */
async function race(
  lab: Lab,
  roofs: Roofs,
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<RoofName, readonly number[]>> {
  const looks = new Map<RoofName, number[]>(roofs.names.map((name) => [name, []]));
  // The device waited while all of them were compiled.
  await roofs.wake();
  for (const { probe } of contestants) await lab.warmUp(probe);
  for (let round = 0; round < rounds; round++) {
    for (const { probe, times } of contestants) times.push(await lab.time(probe));
    for (const [name, rates] of looks) rates.push(await roofs.now(name));
  }
  return looks;
}
