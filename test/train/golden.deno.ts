/** Run by Deno: one golden of training on wgpu; its errors as JSON on the last line of stdout. */
import process from 'node:process';
import { runTrainingGolden } from './golden-run.ts';

const [name = ''] = process.argv.slice(2);
console.log(JSON.stringify(await runTrainingGolden(name, navigator.gpu)));
process.exit(0);
