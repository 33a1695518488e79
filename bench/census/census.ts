/** Which kernels run at which shapes, and how often: read off recordings, so that a new kernel appears by itself. */
import { variantKey } from '../../src/gpu/pipelines.ts';
import type { Dispatch } from '../../src/graph/graph.ts';
import { storageOf, type Tensor } from '../../src/graph/tensor.ts';
import type { Part } from './parts.ts';

/** How often a part of a model runs a dispatch. */
export interface Use {
  readonly part: string;
  readonly count: number;
}

export interface CensusEntry {
  /** The same for the same kernel on the same shapes, in any run: what baselines go by. */
  readonly key: string;
  readonly dispatch: Dispatch;
  /** What it computes where it is met first: the name of its first output. */
  readonly label: string;
  readonly shape: string;
  readonly uses: readonly Use[];
}

/** @param models parts by the name that their model goes by */
export function censusOf(models: Readonly<Record<string, readonly Part[]>>): CensusEntry[] {
  const entries = new Map<string, Omit<CensusEntry, 'uses'> & { uses: { part: string; count: number }[] }>();
  for (const [model, parts] of Object.entries(models))
    for (const { name, recordings } of parts) {
      const part = `${model} ${name}`;
      for (const dispatch of recordings.flatMap(({ dispatches }) => dispatches)) {
        const key = keyOf(dispatch);
        let entry = entries.get(key);
        if (!entry) {
          entry = {
            key,
            dispatch,
            label: outputOf(dispatch)?.name ?? '',
            shape: shapeOf(dispatch),
            uses: [],
          };
          entries.set(key, entry);
        }
        const use = entry.uses.find((each) => each.part === part);
        if (use) use.count += 1;
        else entry.uses.push({ part, count: 1 });
      }
    }
  return [...entries.values()];
}

/** Where rows lie and what they are scaled by does not change how long they take: parameters are left out, flops tell. */
function keyOf(dispatch: Dispatch): string {
  const { kernel, tuning, operands, workgroups, flops } = dispatch;
  const shapes = operands.map((tensor) => `${tensor.shape.join('x')}${storageMark(tensor)}`);
  // One tensor bound twice is read once.
  const same = operands.map((tensor) => operands.indexOf(tensor)).join('');
  return `${variantKey(kernel, tuning)} ${shapes.join(' ')} ${same} ${workgroups.join('x')} ${flops}`;
}

/** The two largest inputs and the first output: "4096x32, 32x128 to 4096x128". */
function shapeOf(dispatch: Dispatch): string {
  const { kernel, operands } = dispatch;
  const inputs = [...new Set(operands.filter((_, i) => !kernel.bindings[i]?.writes))];
  const output = outputOf(dispatch);
  // A product's operands come first; a bias or table after them says little.
  const text = (tensor: Tensor) => `${tensor.shape.join('x')}${storageMark(tensor)}`;
  return `${inputs.slice(0, 2).map(text).join(', ')} to ${output ? text(output) : '?'}`;
}

const outputOf = ({ kernel, operands }: Dispatch) =>
  operands[kernel.bindings.findIndex(({ writes }) => writes)];

const storageMark = (tensor: Tensor) => (storageOf(tensor) === 'f32' ? '' : ` ${storageOf(tensor)}`);
