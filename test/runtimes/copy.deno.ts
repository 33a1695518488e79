import { adapterLabel } from '../../tools/runtimes/label.ts';
import { copyOnGpu } from './copy.ts';

const values: number[] = JSON.parse(process.argv[2] ?? '[]');
const copied = await copyOnGpu(navigator.gpu, values);
const adapter = await navigator.gpu.requestAdapter();
console.log(JSON.stringify({ copied, label: adapter ? adapterLabel(adapter.info, 'wgpu') : 'none' }));
