/**
 * Run by Deno with a folder of pictures.json: masks of the demo model stored and computed in f16 against f32; JSON
 * on the last line.
 */
import { Buffer } from 'node:buffer';
import { openAsBlob, readFileSync } from 'node:fs';
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import type { PackedPicture } from './half-masks.ts';
import { agreement, maskEach } from './phantom-masks.ts';

const { gpu } = navigator;
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Deno found no WebGPU adapter');
const [path = '', model = ''] = process.argv.slice(2);
const packed = JSON.parse(readFileSync(path, 'utf8')) as PackedPicture[];
const pictures = packed.map(({ picture, ...each }) => ({
  ...each,
  picture: { ...picture, data: new Uint8Array(Buffer.from(picture.data, 'base64')) },
}));
const file = await openAsBlob(model);
const exact = await maskEach(gpu, file, pictures, { storage: 'f32' });
const say = (name: string) => console.error(`compute f16: ${name}`);
const masks = await maskEach(gpu, file, pictures, { storage: 'f16', compute: 'f16' }, say);
console.log(JSON.stringify({ adapter: adapterLabel(adapter.info, 'wgpu'), ...agreement(masks, exact) }));
process.exit(0);
