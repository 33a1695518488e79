/** What the comparison with onnxruntime-web comes to. */
import type { GraphName, SideBySide } from './side-by-side.ts';

const GRAPHS: readonly GraphName[] = ['nano encode', 'nano click', 'tiny encode', 'tiny click'];
/** How many times as fast as their WebGPU provider we mean to be on a software adapter. */
const TARGETS: Readonly<Partial<Record<GraphName, number>>> = {
  'nano encode': 10,
  'nano click': 20,
  'tiny click': 5,
};

export interface Ratio {
  readonly graph: GraphName;
  readonly engine: string;
  readonly ms: number;
  readonly rounds: number;
  /** Their time over ours; 1 for ours. */
  readonly ratio: number;
}

/** A row for each engine and graph that was timed. */
export function ratiosOf({ times }: SideBySide): Ratio[] {
  const engines = [...new Set(Object.keys(times).map((name) => name.replace(/ \w+ \w+$/, '')))];
  return GRAPHS.flatMap((graph) =>
    engines.flatMap((engine) => {
      const [own, other] = [times[`sam2rad ${graph}`], times[`${engine} ${graph}`]];
      if (!own || !other) return [];
      const rounds = other.rounds.length;
      return [{ graph, engine, ms: other.median, rounds, ratio: other.median / own.median }];
    }),
  );
}

/** The targets on software adapters, one line each. */
export function targetLines(result: SideBySide): string[] {
  return ratiosOf(result)
    .filter(({ engine, graph }) => engine === 'ort webgpu' && graph in TARGETS)
    .map(({ graph, ratio }) => {
      const target = TARGETS[graph] ?? 0;
      return `${graph}: ${ratio.toFixed(1)} times as fast as onnxruntime-web's WebGPU provider, target ${target}: ${ratio >= target ? 'met' : 'MISSED'}`;
    });
}
