/** The roofs of a device, and every kernel of the models against them. The same in a page, in Node and in Deno. */
import { type Gpu, requestDevice } from '../src/gpu/device.ts';
import { censusOf } from './census/census.ts';
import { type CensusResult, measureCensus } from './census/measure.ts';
import { type Part, partsOf } from './census/parts.ts';
import type { Ladder } from './kernels/ladder.ts';
import type { Host } from './lab/host.ts';
import { type Clock, Lab } from './lab/lab.ts';
import { watchVisibility } from './lab/observed.ts';
import { type Roof, Roofs } from './lab/roofs.ts';
import { contextOf, type ModelSource, type OpenFile } from './models/source.ts';
import { remarksOn } from './remarks.ts';

export interface KernelReport extends Pick<CensusResult, 'rows' | 'parts'> {
  readonly adapter: Gpu['adapter'];
  readonly features: readonly string[];
  readonly clock: Clock;
  readonly roofs: readonly Roof[];
  readonly remarks: readonly string[];
}

export interface KernelOptions {
  readonly models: readonly ModelSource[];
  readonly rounds: number;
  /** Only entries whose kernel, label or shape contains this. */
  readonly only: string;
  /** Only entries with these keys; all where there are none. */
  readonly keys: readonly string[];
}

export async function reportKernels(
  ladder: Ladder,
  { models, rounds, only, keys }: KernelOptions,
  host: Host,
  open: OpenFile,
): Promise<KernelReport> {
  const hidden = watchVisibility();
  const gpu = await requestDevice(host.gpu ? { gpu: host.gpu } : {});
  try {
    const lab = new Lab(gpu, host);
    const roofs = await Roofs.measure(lab, ladder, host, Math.max(7, rounds));
    const parts: Record<string, Part[]> = {};
    for (const source of models) {
      const context = await contextOf(source, gpu.traits, open);
      parts[source.name] = partsOf(context, context.config.imageSize).filter(
        ({ name }) => source.parts?.includes(name) ?? true,
      );
    }
    const census = censusOf(parts).filter(
      ({ key, label, shape, dispatch }) =>
        (keys.length === 0 || keys.includes(key)) &&
        `${dispatch.kernel.name} ${label} ${shape}`.includes(only),
    );
    if (census.length === 0)
      throw new Error(`no kernel, output or shape contains '${only}': leave --only out to see them all`);
    const { rows, parts: partRows, roofRounds } = await measureCensus(lab, roofs, census, { rounds, host });
    const features = [...gpu.device.features].sort();
    return {
      adapter: gpu.adapter,
      features,
      clock: lab.clock,
      roofs: roofs.list,
      rows,
      parts: partRows,
      remarks: remarksOn({
        subject: 'kernels',
        clock: lab.clock,
        software: gpu.traits.cpu,
        features,
        hidden: hidden(),
        restless: roofs.restless,
        roof: roofRounds.map(({ f32 }) => f32 ?? Number.NaN),
      }),
    };
  } finally {
    gpu.device.destroy();
  }
}
