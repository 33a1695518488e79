import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { Kernel } from '../../src/gpu/kernel.ts';

const SCALARS = new Set(['u32', 'i32', 'f32']);

/** What TypeScript needs to know of a kernel, read off its WGSL so that it is written once. */
export function reflect(name: string, wgsl: string): Omit<Kernel, 'code'> {
  const fail = (why: string): never => {
    throw new Error(`shaders/${name}.wgsl: ${why}`);
  };
  const module = new WgslReflect(wgsl);
  const entries = module.entry.compute;
  if (entries.length !== 1 || entries[0]?.name !== 'main')
    fail('expected one compute entry point named main');

  const uniform = module.uniforms[0];
  if (module.uniforms.length > 1 || (uniform && (uniform.name !== 'params' || uniform.binding !== 0)))
    fail('the only uniform must be `params` at binding 0');
  const params = (uniform?.members ?? []).map((member) => {
    const type = member.type.name;
    if (!SCALARS.has(type)) fail(`params.${member.name} is ${type}; Params holds u32, i32 and f32 only`);
    return { name: member.name, type: type as 'u32' | 'i32' | 'f32' };
  });

  const storage = [...module.storage].sort((a, b) => a.binding - b.binding);
  const bindings = storage.map((variable, i) => {
    if (variable.group !== 0 || variable.binding !== i + 1)
      fail(
        `${variable.name} has binding ${variable.binding}; expected ${i + 1}: inputs, then outputs, after params`,
      );
    return { name: variable.name, writes: variable.access !== 'read' && variable.access !== '' };
  });
  const firstOutput = bindings.findIndex((binding) => binding.writes);
  if (firstOutput < 0) fail('writes nothing');
  if (bindings.slice(firstOutput).some((binding) => !binding.writes)) fail('inputs come before outputs');

  const tunables: Record<string, { kind: 'override' | 'const'; type: string; default: number }> = {};
  for (const [, kind, key, type, value] of wgsl.matchAll(
    /^(override|const) (\w+): (u32|i32|f32) = (-?[\d.]+)[uif]?;/gm,
  ))
    tunables[key as string] = {
      kind: kind as 'override' | 'const',
      type: type as string,
      default: Number(value),
    };

  const features = [...wgsl.matchAll(/^enable ([\w, ]+);/gm)].flatMap((m) =>
    (m[1] as string).split(',').map((feature) => (feature.trim() === 'f16' ? 'shader-f16' : feature.trim())),
  );
  return { name, bindings, params, tunables, features } as Omit<Kernel, 'code'>;
}
