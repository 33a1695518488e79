import type { Kernel, KernelCode, TunableInfo } from './kernel.ts';

type Scalar = TunableInfo['type'];

/** What stands between commas; nothing for nothing. */
const items = (list: string) => list.split(',').filter(Boolean);

/** A name and what follows it, u32 unless it ends with another type. */
function typed(item: string): readonly [text: string, type: Scalar] {
  const [text = '', type = 'u32'] = item.split(' ');
  return [text, type as Scalar];
}

/**
 * A kernel as tools/kernels/generate.ts writes it, in lists that are a fraction of its object: much of what a page downloads
 * first is such lists.
 *
 * @param bindings inputs and outputs: `a,b>y`
 * @param params `rows,scale f32`
 * @param tunables `LANES=64` for an override, `WIDE:8` for a const, `EPS=0.5 f32`
 */
export function kernelOf<Operand extends string, Param extends string, Tunable extends string>(
  name: string,
  bindings: string,
  params: string,
  tunables: string,
  code: KernelCode,
  features: readonly GPUFeatureName[] = [],
): Kernel<Operand, Param, Tunable> {
  const kernel: Kernel = {
    name,
    bindings: bindings
      .split('>')
      .flatMap((list, i) => items(list).map((binding) => ({ name: binding, writes: i > 0 }))),
    params: items(params).map((item) => {
      const [param, type] = typed(item);
      return { name: param, type };
    }),
    tunables: Object.fromEntries(
      items(tunables).map((item) => {
        const [text, type] = typed(item);
        const [key = '', value] = text.split(/[=:]/);
        return [key, { kind: text.includes('=') ? 'override' : 'const', type, default: Number(value) }];
      }),
    ),
    features,
    code,
  };
  // The generator that wrote the lists wrote the type's names as well.
  return kernel as Kernel<Operand, Param, Tunable>;
}
