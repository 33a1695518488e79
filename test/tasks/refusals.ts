import { requestDevice } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { readBuffer } from '../../src/gpu/readback.ts';

/** Gives a device commands that WebGPU forbids. @returns what is reported for each, as text */
export async function refusals(source: GPU) {
  const gpu = await requestDevice({ gpu: source });
  const say = (work: Promise<unknown>) => work.then(String, String);
  const small = gpu.createStorage('small', 16);
  gpu.write(small, Float32Array.of(1, 2, 3, 4));

  gpu.write(small, new Float32Array(8));
  const write = await say(gpu.settle());
  const copy = await say(readBuffer(gpu, small, 64));
  gpu.judged('bind', () => {
    const layout = gpu.device.createBindGroupLayout({ entries: [] });
    gpu.device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: small } }] });
  });
  const bind = await say(gpu.settle());
  // Past every scope: the device's event. It comes when it comes, but before what is read afterwards.
  gpu.device.queue.writeBuffer(small, 8, new Float32Array(4));
  await readBuffer(gpu, small, 16).catch(() => {});
  gpu.device.queue.writeBuffer(small, 8, new Float32Array(4));
  const unscoped = await say(readBuffer(gpu, small, 16).then(() => gpu.settle()));
  const broken = {
    name: 'broken',
    code: '@compute @workgroup_size(1) fn main() { let x: u32 = 1.5; }',
    bindings: [],
    params: [],
    tunables: {},
    features: [],
  };
  const kernel = await say(new PipelineCache(gpu).compile(broken, {}));
  const large = await say((async () => gpu.createStorage('large', 2 ** 40))());
  await new Promise((resolve) => setTimeout(resolve, 50));
  await gpu.settle().catch(() => {});
  const after = new Float32Array(await readBuffer(gpu, small, 16)).join();
  small.destroy();
  gpu.close('done');
  return { write, copy, bind, unscoped, kernel, large, after };
}
