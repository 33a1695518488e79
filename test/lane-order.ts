/**
 * The lanes of a workgroup in another order. A software adapter runs them a few at a time, from the first on: what a lane reads
 * too early of a lane before it is already there, and a barrier that is missing goes unnoticed. A GPU promises no order.
 */

const MAIN = /@compute\s*@workgroup_size\(([^)]*)\)\s*fn main\(([^{]*)\)\s*\{/;

/**
 * The text of a kernel in which each lane takes itself for the one that is as far from the end as it is from the start;
 * one without a barrier, whose lanes know nothing of each other, stays.
 *
 * @throws Error where it has a barrier and takes ids that are not renumbered here.
 */
export function lastLaneFirst(text: string): string {
  if (!text.includes('workgroupBarrier')) return text;
  const [head = '', sizes = '', params = ''] = MAIN.exec(text) ?? [];
  if (head === '' || /global_invocation_id|subgroup/.test(params))
    throw new Error(`the lanes of this kernel cannot be renumbered: ${head || text.slice(0, 200)}`);
  const [wide, high = '1', deep = '1'] = sizes.split(',').filter((size) => size.trim());
  const lanes = [wide, high, deep].map((size) => `u32(${size})`);
  const renumbered = [...params.matchAll(/@builtin\(local_invocation_(index|id)\)\s*(\w+)/g)].map(
    ([, what, name]) =>
      what === 'index'
        ? `let ${name}=${lanes.join('*')}-1-own_${name};`
        : `let ${name}=vec3u(${lanes.join(',')})-1-own_${name};`,
  );
  const own = head.replace(/(@builtin\(local_invocation_\w+\)\s*)/g, '$1own_');
  return text.replace(head, () => own + renumbered.join(''));
}

/** A GPU whose devices compile what `turn` makes of each kernel's text. */
export function turnedGpu(gpu: GPU, turn: (text: string, label: string) => string): GPU {
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter) return null;
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      const create = device.createShaderModule.bind(device);
      device.createShaderModule = (module) =>
        create({ ...module, code: turn(module.code, module.label ?? '') });
      return device;
    };
    return adapter;
  };
  return { requestAdapter } as GPU;
}
