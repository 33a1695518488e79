/** A device that notes what is made on it. */

export interface Watch {
  /** Calls by method: `createBuffer`, `submit`, ... */
  readonly calls: Map<string, number>;
  /** Labels by method, of everything that takes one. */
  readonly labels: Map<string, string[]>;
  /** Methods that made an object without a label, once for each object. */
  readonly unlabelled: string[];
}

/** Methods that make a GPU object, on the device or on what it made. */
const MAKES = /^(create\w+|finish|beginComputePass|beginRenderPass)$/;
/** Objects on which more is made, or to which work is given. */
const FOLLOWED = /^(queue|createCommandEncoder|beginComputePass)$/;

/** The same device for all who use it, and what they did. */
export function watched(device: GPUDevice): { device: GPUDevice; watch: Watch } {
  const watch: Watch = { calls: new Map(), labels: new Map(), unlabelled: [] };
  return { device: follow(device, watch), watch };
}

function follow<T extends object>(target: T, watch: Watch): T {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof key === 'symbol') return value;
      if (typeof value !== 'function')
        return FOLLOWED.test(key) && typeof value === 'object' && value !== null
          ? follow(value, watch)
          : value;
      return (...args: unknown[]) => {
        note(watch, key, args);
        const made: unknown = value.apply(target, args);
        return FOLLOWED.test(key) && typeof made === 'object' && made !== null ? follow(made, watch) : made;
      };
    },
  });
}

function note({ calls, labels, unlabelled }: Watch, method: string, [descriptor]: readonly unknown[]): void {
  calls.set(method, (calls.get(method) ?? 0) + 1);
  if (!MAKES.test(method)) return;
  const hasLabel = typeof descriptor === 'object' && descriptor !== null && 'label' in descriptor;
  if (hasLabel && descriptor.label)
    labels.set(method, [...(labels.get(method) ?? []), String(descriptor.label)]);
  else unlabelled.push(method);
}
