/**
 * What a device can do at most, by kernels that do nothing else. Their results are read back and held to what the
 * arithmetic must give, exactly: values are small integers, and each depends on every step.
 */
import type { Kernel } from '../../src/gpu/kernel.ts';
import { wake } from '../../src/gpu/wake.ts';
import { Graph } from '../../src/graph/graph.ts';
import type { Ladder } from '../kernels/ladder.ts';
import { type Spread, spread } from '../measure.ts';
import type { Host } from './host.ts';
import type { Lab, Probe } from './lab.ts';

export type RoofName = 'f32' | 'f16' | 'bandwidth' | 'workgroup memory';

export interface Roof {
  readonly name: RoofName;
  readonly unit: 'GFLOP/s' | 'GB/s';
  /** By definition; see `ROOFS`. */
  readonly what: string;
  /** Null where the device cannot do it. */
  readonly rate: Spread | null;
  /** Why there is no rate, or the form of the kernel that was fastest. */
  readonly note: string;
}

/** A kernel that reaches for a roof. */
interface Form {
  readonly kernel: string;
  readonly lanes: number;
  /** @param scale iterations, or the length of what is moved: what a run's time is proportional to */
  record(g: Graph, kernel: Kernel, groups: number, scale: number): void;
  /** Flops or bytes of a run. */
  amount(groups: number, scale: number): number;
  /** What invocation `id` must leave in its vec4, given in scale; undefined for one that is checked otherwise. */
  expected(id: number, scale: number): readonly number[];
}

/** x becomes even - x, then odd - that: two steps add 1 (f32) or nothing (f16, whose integers end at 2048). */
const FACTOR = -1;

function chains(kernel: string, count: number, steps: number, half: boolean): Form {
  const odd = half ? 1 : 2;
  const lanes = 64;
  return {
    kernel,
    lanes,
    record(g, own, groups, iterations) {
      const y = g.tensor('y', [groups * lanes, 4]);
      g.record(own, { y }, { iterations, factor: FACTOR, even: 1, odd }, { workgroups: [groups, 1, 1] });
    },
    amount: (groups, iterations) => 2 * 4 * count * steps * iterations * groups * lanes,
    expected: (id, iterations) =>
      [0, 1, 2, 3].map((component) => {
        const first = component + (half ? id & 31 : id);
        const gained = (odd - 1) * (steps / 2) * iterations;
        return count * (first + gained) + (4 * count * (count - 1)) / 2;
      }),
  };
}

/** The shelf's values, see lab/shelf.ts. */
const copied: Form['expected'] = (id) =>
  [0, 1, 2, 3].map((c) => Math.fround((((4 * id + c) * 7919) % 1009) / 504.5 - 1));
const bytesCopied: Form['amount'] = (_, length4) => 2 * 16 * length4;

const COPIES: readonly Form[] = [
  {
    kernel: 'roof_copy',
    lanes: 64,
    record(g, kernel, groups, length4) {
      const [x, y] = [g.external('x', [length4, 4]), g.tensor('y', [length4, 4])];
      g.record(kernel, { x, y }, { length4 }, { workgroups: [groups, 1, 1] });
    },
    amount: bytesCopied,
    expected: copied,
  },
  {
    kernel: 'roof_copy4',
    lanes: 64,
    record(g, kernel, _, length4) {
      const [x, y] = [g.external('x', [length4, 4]), g.tensor('y', [length4, 4])];
      g.record(kernel, { x, y }, {}, { workgroups: [length4 / (4 * this.lanes), 1, 1] });
    },
    amount: bytesCopied,
    expected: copied,
  },
];

const TILE = 256;
const STRIDE = 3;

const WORKGROUP: Form = {
  kernel: 'roof_workgroup',
  lanes: 64,
  record(g, kernel, groups, iterations) {
    const y = g.tensor('y', [groups * this.lanes, 4]);
    g.record(kernel, { y }, { iterations, stride: STRIDE }, { workgroups: [groups, 1, 1] });
  },
  amount: (groups, iterations) => 16 * 8 * iterations * groups * 64,
  expected(id, iterations) {
    const sums = [0, 0, 0, 0];
    for (let i = 0, at = id % this.lanes; i < iterations; i++, at += STRIDE)
      for (let read = 0; read < 8; read++) {
        const value = (at + 32 * read) % TILE;
        for (let c = 0; c < 4; c++) sums[c] = (sums[c] ?? 0) + ((value >> c) & 1);
      }
    return sums;
  },
};

/** Of each roof: what is counted, and the forms of which the fastest holds. */
const ROOFS: readonly (Pick<Roof, 'name' | 'unit' | 'what'> & { readonly forms: readonly Form[] })[] = [
  {
    name: 'f32',
    unit: 'GFLOP/s',
    what: 'multiply-adds of four f32 in registers, 2 flops each',
    forms: [
      chains('roof_fma2', 2, 16, false),
      chains('roof_fma4', 4, 16, false),
      chains('roof_fma8', 8, 8, false),
    ],
  },
  {
    name: 'f16',
    unit: 'GFLOP/s',
    what: 'multiply-adds of four f16 in registers, 2 flops each',
    forms: [chains('roof_fma8_f16', 8, 8, true)],
  },
  {
    name: 'bandwidth',
    unit: 'GB/s',
    what: 'a copy from storage to storage by 16 bytes, bytes read and written',
    forms: COPIES,
  },
  {
    name: 'workgroup memory',
    unit: 'GB/s',
    what: 'reads of 16 bytes from a tile, neighbours beside neighbours',
    forms: [WORKGROUP],
  },
];

/** A run of a form that is ready. */
interface Runner {
  readonly probe: Probe;
  readonly amount: number;
  readonly check: () => Promise<string | undefined>;
}

/** A pass of a roof takes about this long. */
const TARGET_MS = { cpu: 4, gpu: 5 };
/** llvmpipe ends a shader after 65535 iterations of its loops. */
const MOST_ITERATIONS = 60_000;
/** A GPU copies more than its caches hold; a software adapter is limited by instructions, so 1 MB will do. */
const COPY_LENGTH4 = { cpu: 2 ** 16, gpu: 2 ** 23 };

export class Roofs {
  readonly list: readonly Roof[];
  readonly #lab: Lab;
  readonly #best: ReadonlyMap<RoofName, Runner>;
  /** Of the f32 roof, when the device's clock was last up. */
  #awake = 0;
  #restless = 0;

  private constructor(lab: Lab, list: readonly Roof[], best: ReadonlyMap<RoofName, Runner>) {
    this.#lab = lab;
    this.list = list;
    this.#best = best;
  }

  /**
   * @param wanted all of them unless given
   * @throws Error where a roof's kernel computed something else than it was given: its rate would mean nothing
   */
  static async measure(
    lab: Lab,
    ladder: Ladder,
    host: Host,
    rounds: number,
    wanted: readonly RoofName[] = ROOFS.map(({ name }) => name),
  ): Promise<Roofs> {
    const asked = ROOFS.filter(({ name }) => wanted.includes(name));
    const best = new Map<RoofName, Runner>();
    const missing = new Map<RoofName, GPUFeatureName>();
    const able: Pick<Tried, 'name' | 'form'>[] = [];
    for (const { name, forms } of asked)
      for (const form of forms) {
        const lacks = ladder[form.kernel]?.features.find((feature) => !lab.gpu.device.features.has(feature));
        if (lacks) missing.set(name, lacks);
        else able.push({ name, form });
      }
    const ready = async () => {
      const all: Tried[] = [];
      for (const each of able)
        all.push({ ...each, runner: await prepare(lab, ladder, each.form), rates: [] });
      return all;
    };
    let tried = await ready();
    const [load] = tried;
    if (load && !lab.gpu.traits.cpu) {
      await wake(() => rateOf(lab, load.runner), 0);
      // They were compiled between, and how long a pass is was decided at the clock of a device that waits.
      tried = await ready();
    }
    // In turns, so that a busy moment does not choose the form.
    for (let i = 0; i < rounds; i++)
      for (const { runner, rates } of tried) rates.push(await rateOf(lab, runner));
    for (const { name, form, runner } of tried) {
      const wrong = await runner.check();
      if (wrong) throw new Error(`roof ${name}: ${form.kernel} ${wrong}`);
    }
    const list = asked.map(({ name, unit, what }): Roof => {
      const [first] = tried
        .filter((each) => each.name === name)
        .map(({ form, runner, rates }) => ({ form, runner, rate: spread(rates) }))
        .sort((a, b) => b.rate.median - a.rate.median);
      if (!first)
        return { name, unit, what, rate: null, note: `not available: the device lacks ${missing.get(name)}` };
      best.set(name, first.runner);
      host.say(`roof ${name}: ${first.rate.median.toPrecision(3)} ${unit}`);
      return { name, unit, what, rate: first.rate, note: first.form.kernel };
    });
    return new Roofs(lab, list, best);
  }

  /** Those that kernels are held to and that this device has. */
  get names(): RoofName[] {
    return (['f32', 'f16', 'bandwidth'] as const).filter((name) => this.#best.has(name));
  }

  /**
   * Raises a GPU's clock, which fell while it waited for something to be compiled: to be called before anything is timed.
   * A software adapter has none.
   */
  async wake(): Promise<void> {
    const runner = this.#best.get('f32');
    if (!runner || this.#lab.gpu.traits.cpu) return;
    const { rate, level } = await wake(() => rateOf(this.#lab, runner), this.#awake);
    if (level) this.#awake = rate;
    else this.#restless += 1;
  }

  /** How often `wake` gave up on a clock that still rose, or had not risen. */
  get restless(): number {
    return this.#restless;
  }

  /** The rate of a roof now, in GFLOP/s or GB/s, by one pass. */
  async now(name: RoofName): Promise<number> {
    const runner = this.#best.get(name);
    return runner ? rateOf(this.#lab, runner) : Number.NaN;
  }
}

interface Tried {
  readonly name: RoofName;
  readonly form: Form;
  readonly runner: Runner;
  readonly rates: number[];
}

/** GFLOP/s or GB/s of one pass. */
const rateOf = async (lab: Lab, { probe, amount }: Runner): Promise<number> =>
  amount / (await lab.time(probe)) / 1e6;

async function prepare(lab: Lab, ladder: Ladder, form: Form): Promise<Runner> {
  const kernel = ladder[form.kernel];
  if (!kernel) throw new Error(`bench/kernels has no ${form.kernel}.wgsl`);
  const kind = lab.gpu.traits.cpu ? 'cpu' : 'gpu';
  const groups = { cpu: 32, gpu: 4096 }[kind];
  const probeOf = (scale: number) => {
    const g = new Graph(form.kernel, lab.gpu.traits);
    form.record(g, kernel, groups, scale);
    const [dispatch] = g.finish().dispatches;
    if (!dispatch) throw new Error(`${form.kernel} was not recorded`);
    return lab.prepare(dispatch);
  };
  const copies = COPIES.includes(form);
  let scale = copies ? COPY_LENGTH4[kind] : 64;
  let probe = await probeOf(scale);
  const once = await lab.warmUp(probe);
  if (!copies) {
    scale = Math.max(
      8,
      Math.min(MOST_ITERATIONS, Math.round((scale * TARGET_MS[kind]) / Math.max(once, 1e-3))),
    );
    probe = await probeOf(scale);
    await lab.warmUp(probe);
  }
  const check = async () => {
    // Forms share their output: it must be this one's.
    await lab.time(probe);
    const values = new Float32Array(await lab.read(probe));
    const last = values.length / 4 - 1;
    for (const id of new Set([0, 1, 17, 63, 64, Math.floor(last / 2), last])) {
      const [got, expected] = [[...values.subarray(4 * id, 4 * id + 4)], form.expected(id, scale)];
      if (got.join() !== expected.join())
        return `left [${got}] for invocation ${id}, expected [${expected}]: something was left out or rounded`;
    }
    return undefined;
  };
  return { probe, amount: form.amount(groups, scale), check };
}
