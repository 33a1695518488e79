/** Run by Deno: the kernels on wgpu. Arguments: the ladder's file, the options as JSON. The report is the last line. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { Ladder } from './ladder.ts';
import { measureKernels } from './measure.ts';

const [file = '', options = '{}'] = process.argv.slice(2);
const ladder = JSON.parse(readFileSync(file, 'utf8')) as Ladder;
console.log(JSON.stringify(await measureKernels(navigator.gpu, ladder, JSON.parse(options))));
process.exit(0);
