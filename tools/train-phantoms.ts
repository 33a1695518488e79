/**
 * `npx tsx tools/train-phantoms.ts ANATOMY|all OUT.safetensors [--steps N] [--seed N] [--augment none|mirror|full]
 * [--preprocess sam2rad|sam2] [--train ppn|ppn+lora] [--lr 1e-4] [--val N]
 * [--base FILE]`: trains the demo base on an anatomy's ten pictures as `sam2rad train` does, but on wgpu (Deno): on a machine without a GPU llvmpipe takes a fifth of SwiftShader's time.
 * `all` makes the page's demo model: the thirty pictures of the three anatomies, whose bone surfaces are its one class.
 * The last N pictures are held out, for choosing settings without a look at the test pictures.
 */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadCase, openDataset } from '../weights-tools/dataset/dataset.ts';
import { runDeno } from './runtimes/deno.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '200' },
    seed: { type: 'string', default: '0' },
    augment: { type: 'string', default: 'mirror' },
    preprocess: { type: 'string', default: 'sam2rad' },
    train: { type: 'string', default: 'ppn' },
    lr: { type: 'string', default: '1e-4' },
    val: { type: 'string', default: '0' },
    base: { type: 'string', default: 'app/public/demo/sam2-nano-shapes.safetensors' },
  },
});
const [anatomy, output] = positionals;
if (!anatomy || !output) throw new Error('usage: train-phantoms ANATOMY OUT.safetensors');
const root = fileURLToPath(new URL('..', import.meta.url));
/** For each anatomy what its class numbers become, for each class its name. */
const ALL = {
  classNames: ['bone surface'],
  numbers: { wrist: [0, 1], hip: [0, 1, 0], shoulder: [0, 1, 0] },
};
const read = (name: string) => openDataset(sharp, join(root, 'phantoms', name), 'Train', {});
const isAll = anatomy === 'all';
const parts = isAll
  ? await Promise.all(
      Object.entries(ALL.numbers).map(async ([name, numbers]) => ({ name, numbers, ...(await read(name)) })),
    )
  : [{ name: '', numbers: undefined, ...(await read(anatomy)) }];
const classNames = isAll ? ALL.classNames : (parts[0]?.classNames ?? []);
const folder = await mkdtemp(join(tmpdir(), 'sam2rad-train-'));
try {
  const pictures = [];
  for (const { name: from, numbers, cases } of parts)
    for (const one of cases) {
      const { picture, classMap } = await loadCase(sharp, one);
      const { width, height } = picture;
      const name = from + one.name;
      await writeFile(join(folder, `${name}.rgba`), picture.data);
      await writeFile(
        join(folder, `${name}.classes`),
        numbers ? classMap.map((at) => numbers[at] ?? 0) : classMap,
      );
      pictures.push({ name, width, height });
    }
  const batch = 4;
  const order = {
    base: resolve(root, values.base),
    output: join(folder, 'model.safetensors'),
    datasetName: isAll ? 'phantoms' : anatomy,
    classNames,
    pictures,
    validation: Number(values.val),
    settings: {
      train: values.train,
      tokens: 10,
      epochs: Math.ceil(Number(values.steps) / Math.ceil((pictures.length - Number(values.val)) / batch)),
      batch,
      learningRate: Number(values.lr),
      augment: values.augment,
      preprocess: values.preprocess,
      seed: Number(values.seed),
    },
  };
  await writeFile(join(folder, 'order.json'), JSON.stringify(order));
  const script = fileURLToPath(new URL('train-phantoms.deno.ts', import.meta.url));
  console.log(JSON.stringify(await runDeno(script, [folder], { writable: folder })));
  await copyFile(join(folder, 'model.safetensors'), resolve(output));
} finally {
  await rm(folder, { recursive: true });
}
