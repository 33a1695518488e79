/** Each ladder's kernel of now beside its version 0, a convolution's beside a product too, against the roofs, in one run. */
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
  /** Of a convolution: its GFLOP/s over those of the matrix product of its shape. */
  readonly ofProduct: number | null;
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
  for (const { op, name, versions, product } of kernelCases(ladder, large, gpu.traits.cpu)) {
    if (!`${op} ${name}`.includes(only)) continue;
    const climbing: Contestant[] = [];
    for (const [version, record] of Object.entries(versions))
      climbing.push(await enter(lab, { op, name, version }, record));
    const held =
      product && (await enter(lab, { op: 'matmul', name: product.name, version: 'product' }, product.record));
    const looks = await race(lab, roofs, held ? [...climbing, held] : climbing, rounds);
    roof.push(...(looks.get('f32') ?? []));
    const rates: Rates = Object.fromEntries([...looks].map(([name, each]) => [name, summarise(each).median]));
    const v0 = climbing.find(({ version }) => version === 'v0');
    for (const each of climbing) {
      const gain = v0 ? msOf(v0) / msOf(each) : null;
      rows.push({ ...rowOf(each, rates), gain, ofProduct: held ? rateOf(each) / rateOf(held) : null });
    }
    if (held) rows.push({ ...rowOf(held, rates), gain: null, ofProduct: null });
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

interface Contestant extends Pick<LadderRow, 'op' | 'name' | 'version'> {
  readonly probe: Probe;
  readonly arithmetic: 'f32' | 'f16';
  readonly times: number[];
}

const msOf = ({ times }: Contestant): number => summarise(times).median;

/** In GFLOP/s. */
const rateOf = (of: Contestant): number => of.probe.flops / msOf(of) / 1e6;

function rowOf(of: Contestant, rates: Rates): Omit<LadderRow, 'gain' | 'ofProduct'> {
  const { op, name, version, probe, arithmetic, times } = of;
  const { kernel, flops, bytes, compileMs } = probe;
  const ms = msOf(of);
  return {
    ...{ op, name, version, kernel, ms, compileMs },
    min: summarise(times).min,
    gflops: rateOf(of),
    gbps: bytes / ms / 1e6,
    ofRoof: floorOf({ flops, bytes, arithmetic }, rates).ms / ms,
  };
}

async function enter(
  lab: Lab,
  who: Pick<LadderRow, 'op' | 'name' | 'version'>,
  record: Recorder,
): Promise<Contestant> {
  const g = new Graph('bench', lab.gpu.traits);
  record(g);
  // What goes before or after it, terms of positions or the merging of chunks, has rows of its own in the models' tables.
  const [dispatch] = [...g.finish().dispatches].sort((a, b) => b.flops - a.flops);
  if (!dispatch) throw new Error('nothing was recorded');
  const probe = await lab.prepare(dispatch);
  return { ...who, probe, arithmetic: arithmeticOf(dispatch), times: [] };
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
