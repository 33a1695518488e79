/** Run by Deno: the demo model from its file, an ImageData and plain bytes, to a mask; JSON on the last line. */
import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { adapterLabel } from '../../tools/runtimes/label.ts';
import { segmentDemo } from './engine.ts';

const [model = '', picture = ''] = process.argv.slice(2);
const { data, width, height } = JSON.parse(picture) as { data: string; width: number; height: number };
const rgba = new Uint8ClampedArray(Buffer.from(data, 'base64'));
const source = { data: rgba, width, height, colorSpace: 'srgb' as const };
const [segmented] = await segmentDemo(new Blob([await readFile(model)]), [source]);
if (!segmented) throw new Error('no picture was segmented');
const { adapter, ...result } = segmented;
console.log(JSON.stringify({ label: adapterLabel(adapter, 'wgpu'), ...result }));
process.exit(0);
